SELECT k.id, k.revision, k.user_id, u.name AS "owner?", c.name AS "maker?", k.name, k.kind,
       -- The state by the database's clock, in the order in which it matters to somebody who wants to use the key.
       CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked'
            WHEN k.expires_at <= clock_timestamp() THEN 'expired'
            WHEN k.user_id IS NOT NULL AND NOT EXISTS (
                     SELECT FROM memberships AS m
                      WHERE m.team_id = k.team_id AND m.user_id = k.user_id AND m.role <> 'viewer'
                        AND u.disabled_at IS NULL) THEN 'orphaned'
            WHEN k.paused_at IS NOT NULL THEN 'paused'
            ELSE 'active' END AS "state!",
       k.paused_at IS NOT NULL AS "paused!",
       k.public, k.digest, k.last_four, k.imported, k.all_models, k.models, k.scopes, k.expires_at, k.networks, k.tags,
       k.task, k.max_output, k.store_content, k.created_at, k.last_used_at, k.revoked_at
  FROM virtual_keys AS k
  LEFT JOIN users AS u ON u.id = k.user_id
  LEFT JOIN users AS c ON c.id = k.created_by
 WHERE k.team_id = $1
   AND ($2::uuid IS NULL OR k.user_id = $2)
   AND ($3::uuid IS NULL OR k.id = $3)
   AND ($4::text IS NULL OR k.name = $4)
   AND (k.revoked_at IS NULL OR k.revoked_at > clock_timestamp() - interval '90 days' OR $3::uuid IS NOT NULL)
 ORDER BY k.revoked_at IS NOT NULL, k.created_at DESC, k.id DESC LIMIT 2000
