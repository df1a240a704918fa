-- $1 team, $2 before this attempt, $3 limit, $4 model, $5 failed only, $6 one person's only, $7 one key's only.
SELECT a.id, a.request_id, a.attempt_no, a.admitted_at, a.resolved_at, a.origin, a.dialect, a.stream, a.run_id,
       a.key_id, k.name AS "key_name?", u.name AS "user_name?", p.slug AS "provider?",
       a.model, a.model_asked, a.model_served, d.upstream_model AS "upstream_model?", a.upstream_id,
       a.state::text AS "state!", a.outcome, a.http_status, a.finish_reason, a.usage_source::text AS "usage_source?",
       a.input_tokens, a.cache_read_tokens, a.cache_write_short_tokens, a.cache_write_long_tokens, a.output_tokens,
       a.reasoning_tokens, a.reserved_nano, a.charged_nano, a.cost_nano, a.flags, a.input_bound, a.output_cap,
       a.price_version_id, a.first_byte_ms, a.total_ms, a.client_aborted
  FROM attempts a
  LEFT JOIN virtual_keys k ON k.id = a.key_id
  LEFT JOIN users u ON u.id = coalesce(a.user_id, k.user_id)
  LEFT JOIN providers p ON p.id = a.provider_id
  LEFT JOIN deployments d ON d.id = a.deployment_id
 WHERE a.team_id = $1
   AND ($2::uuid IS NULL
        OR (a.admitted_at, a.id) < (SELECT b.admitted_at, b.id FROM attempts b WHERE b.id = $2 AND b.team_id = $1))
   AND ($4::text IS NULL OR a.model = $4)
   AND (NOT $5::boolean OR a.outcome NOT IN ('success', 'cancelled'))
   AND ($6::uuid IS NULL OR a.user_id = $6 OR k.user_id = $6)
   AND ($7::uuid IS NULL OR a.key_id = $7)
   AND NOT EXISTS (SELECT FROM attempts later WHERE later.request_id = a.request_id AND later.attempt_no > a.attempt_no)
 ORDER BY a.admitted_at DESC, a.id DESC
 LIMIT $3
