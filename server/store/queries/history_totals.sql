-- $1 team.
WITH day AS (
    SELECT DISTINCT ON (request_id) request_id, outcome,
           sum(cost_nano) OVER (PARTITION BY request_id) AS cost_nano,
           bool_or('unpriced' = ANY (flags)) OVER (PARTITION BY request_id) AS is_unpriced
      FROM attempts
     WHERE team_id = $1 AND admitted_at > clock_timestamp() - interval '24 hours'
     ORDER BY request_id, attempt_no DESC
), usable AS (
    SELECT DISTINCT ON (m.name) m.id, d.id AS deployment_id
      FROM models m
      JOIN LATERAL (SELECT id, provider_id FROM deployments WHERE model_id = m.id ORDER BY created_at, id LIMIT 1) d ON true
      JOIN providers p ON p.id = d.provider_id
     WHERE (m.team_id = $1 OR m.team_id IS NULL) AND (p.team_id = $1 OR p.team_id IS NULL)
       AND m.archived_at IS NULL AND p.archived_at IS NULL
     ORDER BY m.name, m.team_id NULLS LAST
)
SELECT (SELECT count(*) FROM day) AS "requests!",
       (SELECT count(*) FROM day WHERE outcome NOT IN ('success', 'cancelled')) AS "errors!",
       (SELECT coalesce(sum(cost_nano), 0)::bigint FROM day) AS "cost_nano!",
       (SELECT count(*) FROM day WHERE is_unpriced) AS "unpriced!",
       (SELECT count(*) FROM providers WHERE (team_id = $1 OR team_id IS NULL) AND archived_at IS NULL) AS "providers!",
       (SELECT count(*) FROM usable) AS "models!",
       (SELECT count(*) FROM usable
         WHERE NOT EXISTS (SELECT FROM price_versions v WHERE v.deployment_id = usable.deployment_id
                              AND v.team_id IS NULL AND v.effective_from <= clock_timestamp())) AS "unpriced_models!",
       (SELECT count(*) FROM virtual_keys WHERE team_id = $1 AND revoked_at IS NULL) AS "keys!",
       (SELECT count(*) FROM runs WHERE team_id = $1) AS "runs!"
