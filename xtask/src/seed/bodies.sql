-- What was said in `bodies` of the calls, about: whole answers, and streams as they went over the wire, a frame for each word.
INSERT INTO bodies (request_id, team_id, policy, request, response, is_cut, created_at)
SELECT pg_temp.id_at(t, n, 10), :'team_id', 'full',
       json_build_object('model', 'seed', 'messages', json_build_array(
            json_build_object('role', 'system', 'content', 'You answer briefly.'),
            json_build_object('role', 'user', 'content', pg_temp.prose(n, 51, 2 + pg_temp.skewed(n, 52, 16)) || ' ' || 'ticket-' || n)))::text,
       CASE WHEN pg_temp.roll(n, 53, 10) < 3 THEN (
            SELECT string_agg(p.frames, '' ORDER BY at) || E'data: [DONE]\n\n'
              FROM generate_series(1, 1 + pg_temp.roll(n, 55, 5)) AS at JOIN phrases p ON p.nr = pg_temp.roll(n * 64 + at, 54, 100000))
       ELSE json_build_object('id', 'chatcmpl-' || n, 'object', 'chat.completion', 'choices', json_build_array(json_build_object('index', 0,
            'message', json_build_object('role', 'assistant', 'content', pg_temp.prose(n, 56, 2 + pg_temp.skewed(n, 57, 20))))))::text END,
       false, t + interval '5 seconds'
  FROM generate_series(:first::bigint, :last) AS n
 CROSS JOIN LATERAL (SELECT pg_temp.time_of(n, :calls, :'until'::timestamptz) AS t) AS call
 WHERE pg_temp.roll(n, 58, 1000000) < 1000000::bigint * :bodies / :calls;

-- Their words, as the product takes them out when it stores a text: what was said, without the names around it.
INSERT INTO request_words (request_id, team_id, words)
SELECT pg_temp.id_at(pg_temp.time_of(n, :calls, :'until'::timestamptz), n, 10), :'team_id',
       array_to_tsvector((SELECT array_agg(DISTINCT w) FROM (
            SELECT unnest(p.words) AS w
              FROM generate_series(1, 2 + pg_temp.skewed(n, 52, 16)) AS at JOIN phrases p ON p.nr = pg_temp.roll(n * 64 + at, 51, 100000)
             UNION ALL
            SELECT unnest(p.words)
              FROM generate_series(1, CASE WHEN is_stream THEN 1 + pg_temp.roll(n, 55, 5) ELSE 2 + pg_temp.skewed(n, 57, 20) END) AS at
              JOIN phrases p ON p.nr = pg_temp.roll(n * 64 + at, CASE WHEN is_stream THEN 54 ELSE 56 END, 100000)
             UNION ALL
            SELECT unnest(ARRAY['you', 'answer', 'briefly', 'ticket', n::text, 't:' || :'team_id'])) AS said))
  FROM generate_series(:first::bigint, :last) AS n, LATERAL (SELECT pg_temp.roll(n, 53, 10) < 3 AS is_stream) AS form
 WHERE pg_temp.roll(n, 58, 1000000) < 1000000::bigint * :bodies / :calls;
