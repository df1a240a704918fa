-- What people and editors said: about one request in twelve, most by the key that called; one in ten of them thought again.
INSERT INTO feedback (
    id, team_id, request_id, admitted_at, model, task, source, source_id, outcome, edit_distance, rating, comment, tags, at,
    is_current, is_newest)
SELECT pg_temp.id_at(t + make_interval(mins => 5 * said), n, 80 + said), :'team_id', a.request_id, a.admitted_at, a.model, a.task,
       CASE WHEN by_key THEN 'key' ELSE 'user' END, pg_temp.id_of(1 + pg_temp.skewed(n, 20, 15), CASE WHEN by_key THEN 2 ELSE 1 END),
       outcome, CASE WHEN outcome = 'edited' THEN 1 + pg_temp.skewed(n, 82, 9999) END,
       CASE WHEN pg_temp.roll(n, 83 + said, 3) = 0 THEN 1 + pg_temp.roll(n, 85 + said, 5) END,
       CASE WHEN pg_temp.roll(n, 88, 20) = 0 THEN pg_temp.prose(n, 89, 1) ELSE '' END,
       CASE WHEN pg_temp.roll(n, 90, 10) = 0 THEN '{slow}' ELSE '{}' END::text[], t + make_interval(mins => 5 * said),
       said = times, said = times
  FROM generate_series(:first::bigint, :last) AS n
 CROSS JOIN LATERAL (SELECT pg_temp.time_of(n, :calls, :'until'::timestamptz) AS t, pg_temp.roll(n, 81, 10) < 8 AS by_key,
                            CASE WHEN pg_temp.roll(n, 91, 10) = 0 THEN 2 ELSE 1 END AS times) AS call
 CROSS JOIN LATERAL (SELECT request_id, admitted_at, model, task FROM attempts
                      WHERE request_id = pg_temp.id_at(t, n, 10) ORDER BY attempt_no DESC LIMIT 1) AS a
 CROSS JOIN LATERAL generate_series(1, times) AS said
 CROSS JOIN LATERAL (SELECT (ARRAY['accepted', 'edited', 'rejected'])[1 + width_bucket(pg_temp.roll(n, 92 + said, 100), ARRAY[60, 85])] AS outcome) AS verdict
 WHERE pg_temp.roll(n, 95, 12) = 0 AND t + make_interval(mins => 5 * said) < :'until'::timestamptz;
