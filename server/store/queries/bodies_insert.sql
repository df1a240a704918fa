-- What is stored already stays as it is, and so do its words.
WITH given AS (
    SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[])
        AS g (request_id, team_id, policy, request, response, is_cut, words))
, kept AS (
    INSERT INTO bodies (request_id, team_id, policy, request, response, is_cut)
    SELECT request_id, team_id, policy, request, response, is_cut FROM given
        ON CONFLICT (request_id) DO NOTHING
    RETURNING request_id)
INSERT INTO request_words (request_id, team_id, words)
SELECT g.request_id, g.team_id, array_to_tsvector(array_append(string_to_array(nullif(g.words, ''), ' '), 't:' || g.team_id))
  FROM given g JOIN kept ON kept.request_id = g.request_id
    ON CONFLICT (request_id) DO NOTHING
