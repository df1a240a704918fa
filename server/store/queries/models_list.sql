-- $1 team. Its own model comes before the instance's of the same name.
SELECT DISTINCT ON (m.name) m.id, m.revision, m.team_id, m.name, m.aliases, m.context_window, m.max_output, m.capabilities, m.retires_on,
       d.id AS deployment_id, d.upstream_model, p.id AS provider_id, p.slug AS provider_slug, p.kind AS provider_kind,
       v.id AS "version_id?", v.effective_from AS "effective_from?", v.source AS "source?", v.confirmed_at AS "confirmed_at?",
       r.input_pico AS "input_pico?", r.cache_read_pico AS "cache_read_pico?", r.output_pico AS "output_pico?"
  FROM models m
  JOIN LATERAL (
       SELECT id, provider_id, upstream_model FROM deployments WHERE model_id = m.id ORDER BY created_at, id LIMIT 1
  ) d ON true
  JOIN providers p ON p.id = d.provider_id
  LEFT JOIN LATERAL (
       SELECT id, effective_from, source, confirmed_at FROM price_versions
        WHERE deployment_id = d.id AND team_id IS NULL AND effective_from <= clock_timestamp()
        ORDER BY effective_from DESC LIMIT 1
  ) v ON true
  LEFT JOIN LATERAL (
       SELECT max(pico) FILTER (WHERE class = 'input') AS input_pico,
              max(pico) FILTER (WHERE class = 'cache_read') AS cache_read_pico,
              max(pico) FILTER (WHERE class = 'output') AS output_pico
         FROM price_components
        WHERE version_id = v.id AND variant = 'standard' AND above_input_tokens = 0 AND schedule = ''
  ) r ON true
 WHERE (m.team_id = $1 OR m.team_id IS NULL) AND (p.team_id = $1 OR p.team_id IS NULL)
   AND m.archived_at IS NULL AND p.archived_at IS NULL
 ORDER BY m.name, m.team_id NULLS LAST
