-- A personal key dies with its owner's membership or account.
SELECT k.id, k.team_id, k.user_id, k.public, k.digest, k.all_models, k.models, t.store_content
  FROM virtual_keys AS k
  JOIN teams AS t ON t.id = k.team_id
 WHERE k.revoked_at IS NULL
   AND (k.user_id IS NULL
        OR EXISTS (SELECT FROM memberships AS m
                     JOIN users AS u ON u.id = m.user_id
                    WHERE m.team_id = k.team_id AND m.user_id = k.user_id AND u.disabled_at IS NULL))
