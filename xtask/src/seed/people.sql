-- Those who call: the person who signs in and 23 more, 10 keys of services and 6 of people.
INSERT INTO users (id, email, name, role, password_hash)
SELECT pg_temp.id_of(n, 1), 'seed-' || n || '@example.com', initcap(pg_temp.word(64 + n * 37)) || ' ' || initcap(pg_temp.word(64 + n * 101)),
       'user', owner.password_hash
  FROM generate_series(1, 23) AS n, (SELECT password_hash FROM users WHERE email = :'email') AS owner;
INSERT INTO memberships (team_id, user_id, role)
SELECT :'team_id', pg_temp.id_of(n, 1), CASE WHEN n % 8 = 0 THEN 'viewer' WHEN n % 5 = 0 THEN 'admin' ELSE 'member' END
  FROM generate_series(1, 23) AS n;
INSERT INTO virtual_keys (id, team_id, user_id, name, kind, public, digest, last_four, all_models, scopes, created_by)
SELECT pg_temp.id_of(n, 2), :'team_id', CASE WHEN n > 10 THEN pg_temp.id_of(n - 10, 1) END,
       CASE WHEN n > 10 THEN 'laptop ' || n ELSE (ARRAY['ci', 'editor', 'review bot', 'docs', 'nightly', 'search', 'support', 'staging', 'evals', 'agent'])[n] END,
       CASE WHEN n > 10 THEN 'personal' ELSE 'service' END,
       'seed' || lpad(n::text, 8, '0'), sha256(convert_to('no secret has this digest ' || n, 'UTF8')), lpad(n::text, 4, '0'),
       true, '{inference,feedback.write}', pg_temp.id_of(1, 1)
  FROM generate_series(1, 16) AS n;

-- The models of the bundle with what they cost, the most used first.
CREATE TEMP TABLE seed_models AS
SELECT row_number() OVER (ORDER BY m.name)::integer AS slot, m.name, d.id AS deployment_id, d.provider_id, d.upstream_model,
       v.id AS version_id, r.input, coalesce(r.cached, r.input) AS cached, r.output
  FROM models m
  JOIN deployments d ON d.model_id = m.id
  LEFT JOIN LATERAL (
       SELECT id FROM price_versions WHERE deployment_id = d.id OR model_id = m.id ORDER BY effective_from DESC LIMIT 1) AS v ON true
  LEFT JOIN LATERAL (
       SELECT max(pico) FILTER (WHERE class = 'input') AS input, max(pico) FILTER (WHERE class = 'cache_read') AS cached,
              max(pico) FILTER (WHERE class = 'output') AS output
         FROM price_components WHERE version_id = v.id AND variant = 'standard' AND above_input_tokens = 0) AS r ON true
 WHERE m.name LIKE 'seed-%' AND m.archived_at IS NULL;
ANALYZE seed_models;
