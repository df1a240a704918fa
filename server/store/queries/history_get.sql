-- $1 team, $2 request, $3 one person's only.
SELECT a.id, a.request_id, a.attempt_no, a.admitted_at, a.resolved_at, a.origin, a.dialect, a.stream, a.run_id,
       a.key_id, k.name AS "key_name?", a.user_id, u.name AS "user_name?", p.slug AS "provider?",
       a.model, a.model_asked, a.model_served, d.upstream_model AS "upstream_model?", a.upstream_id,
       a.state::text AS "state!", a.outcome, a.http_status, a.finish_reason, a.usage_source::text AS "usage_source?",
       a.input_tokens, a.cache_read_tokens, a.cache_write_short_tokens, a.cache_write_long_tokens, a.output_tokens,
       a.reasoning_tokens, a.reserved_nano, a.charged_nano, a.cost_nano, a.flags, a.input_bound, a.output_cap,
       a.price_version_id, a.first_byte_ms, a.total_ms, a.client_aborted, a.task,
       a.tags, f.outcome AS "verdict?"
  FROM attempts a
  LEFT JOIN virtual_keys k ON k.id = a.key_id
  LEFT JOIN users u ON u.id = a.user_id
  LEFT JOIN providers p ON p.id = a.provider_id
  LEFT JOIN deployments d ON d.id = a.deployment_id
  LEFT JOIN feedback f ON f.request_id = a.request_id AND f.is_newest
 WHERE a.team_id = $1 AND a.request_id = $2
   AND ($3::uuid IS NULL OR a.user_id = $3)
 ORDER BY a.attempt_no
