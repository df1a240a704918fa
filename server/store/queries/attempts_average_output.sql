-- $1 team, $2 models. Of each model the newest answers: an index gives them in this order.
SELECT m.name AS "model!", ceil(avg(answer.tokens))::bigint AS "tokens!"
  FROM unnest($2::text[]) AS m (name)
 CROSS JOIN LATERAL (
       SELECT a.output_tokens + coalesce(a.reasoning_tokens, 0) AS tokens
         FROM attempts a
        WHERE a.team_id = $1 AND a.model = m.name AND a.admitted_at > clock_timestamp() - interval '30 days'
          AND a.outcome = 'success' AND a.state = 'settled' AND a.output_tokens > 0
        ORDER BY a.admitted_at DESC, a.id DESC
        LIMIT 200) AS answer
 GROUP BY m.name
