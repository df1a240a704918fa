-- $1 sample that ended, $2 its words. Every request of it is found by them.
INSERT INTO request_words (request_id, team_id, words)
SELECT q.request_id, r.team_id, array_to_tsvector(array_append(string_to_array(nullif($2::text, ''), ' '), 't:' || r.team_id))
  FROM sample_requests q JOIN samples s ON s.id = q.sample_id JOIN runs r ON r.id = s.run_id
 WHERE q.sample_id = $1
    ON CONFLICT (request_id) DO UPDATE SET words = excluded.words
