-- $1 team, $2 zone, $3 first day, $4 day after the last, $5 `day`, `model`, `key` or `task`, $6 one person's only.
WITH counted AS (
    SELECT (a.admitted_at AT TIME ZONE $2)::date AS day, a.request_id, a.attempt_no, a.outcome,
           CASE $5 WHEN 'model' THEN a.model WHEN 'key' THEN coalesce(k.name, '') WHEN 'task' THEN coalesce(a.task, '') ELSE '' END AS of,
           a.input_tokens, a.cache_read_tokens, a.cache_write_short_tokens + a.cache_write_long_tokens AS cache_write_tokens,
           a.output_tokens, a.cost_nano, 'unpriced' = ANY (a.flags) AS is_unpriced,
           max(a.attempt_no) OVER (PARTITION BY a.request_id) AS last_no
      FROM attempts a
      LEFT JOIN virtual_keys k ON k.id = a.key_id AND k.team_id = a.team_id
     WHERE a.team_id = $1
       AND a.admitted_at >= ($3::date::timestamp AT TIME ZONE $2)
       AND a.admitted_at < ($4::date::timestamp AT TIME ZONE $2)
       AND ($6::uuid IS NULL OR a.user_id = $6 OR k.user_id = $6)
)
SELECT day AS "day!", of AS "of!",
       count(DISTINCT request_id) AS "requests!",
       count(*) FILTER (WHERE attempt_no = last_no AND outcome NOT IN ('success', 'cancelled')) AS "errors!",
       coalesce(sum(input_tokens), 0)::bigint AS "input_tokens!",
       coalesce(sum(cache_read_tokens), 0)::bigint AS "cache_read_tokens!",
       coalesce(sum(cache_write_tokens), 0)::bigint AS "cache_write_tokens!",
       coalesce(sum(output_tokens), 0)::bigint AS "output_tokens!",
       coalesce(sum(cost_nano), 0)::bigint AS "cost_nano!",
       count(*) FILTER (WHERE is_unpriced) AS "unpriced!"
  FROM counted
 GROUP BY day, of
 ORDER BY day, of
 LIMIT 20001
