-- $1 team, $2 sample. For what was released nothing is owed; what still runs has no cost yet.
SELECT (array_agg(q.request_id ORDER BY q.request_id DESC))[1] AS request,
       count(*) AS "calls!",
       sum(spent.cost_nano)::bigint AS cost_nano,
       coalesce(bool_or(spent.is_unpriced), false) AS "is_unpriced!",
       coalesce(bool_or(spent.is_unknown), false) AS "is_unknown!"
  FROM sample_requests q
 CROSS JOIN LATERAL (
       SELECT sum(owed.nano) AS cost_nano, bool_or('unpriced' = ANY (a.flags)) AS is_unpriced, count(owed.nano) < greatest(count(*), 1) AS is_unknown
         FROM attempts a, LATERAL (SELECT CASE a.state WHEN 'released' THEN 0 ELSE a.cost_nano END AS nano) AS owed
        WHERE a.team_id = $1 AND a.request_id = q.request_id) AS spent
 WHERE q.sample_id = $2
