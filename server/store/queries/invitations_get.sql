-- $1 team, $2 invitation.
SELECT i.id, i.team_id, t.slug AS team_slug, t.name AS team_name, i.role, i.email,
       u.name AS "inviter_name?", u.role AS "inviter_role?", m.role AS "inviter_team_role?",
       u.disabled_at IS NOT NULL AS "inviter_disabled!", i.created_at, i.expires_at,
       i.redeemed_at IS NOT NULL AS "is_redeemed!", i.revoked_at IS NOT NULL AS "is_revoked!",
       i.expires_at <= clock_timestamp() AS "is_expired!"
  FROM invitations i
  JOIN teams t ON t.id = i.team_id
  LEFT JOIN users u ON u.id = i.invited_by
  LEFT JOIN memberships m ON m.team_id = i.team_id AND m.user_id = i.invited_by
 WHERE i.team_id = $1 AND i.id = $2
