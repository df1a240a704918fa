-- A personal key dies with its owner's membership, account or right to have one: viewers have none.
SELECT k.id, k.team_id, k.user_id, k.public, k.digest, k.all_models, k.models, k.scopes, k.expires_at, k.networks, k.tags,
       k.task, k.max_output, k.paused_at IS NOT NULL AS "paused!", k.store_content AS "own_policy",
       t.store_content AS "team_policy"
  FROM virtual_keys AS k
  JOIN teams AS t ON t.id = k.team_id
 WHERE k.revoked_at IS NULL
   AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
   AND (k.user_id IS NULL
        OR EXISTS (SELECT FROM memberships AS m
                     JOIN users AS u ON u.id = m.user_id
                    WHERE m.team_id = k.team_id AND m.user_id = k.user_id AND m.role <> 'viewer'
                      AND u.disabled_at IS NULL))
