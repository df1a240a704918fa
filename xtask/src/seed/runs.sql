-- Grids that people ran: 2 to 6 models by 1 to 4 cases, each cell one sample, each sample one call of its own in the ledger.
CREATE TEMP TABLE seed_runs AS
SELECT n, pg_temp.id_at(t, n, 60) AS id, t, 2 + pg_temp.roll(n, 61, 5) AS columns, 1 + pg_temp.roll(n, 62, 4) AS rows,
       pg_temp.id_of(1 + pg_temp.skewed(n, 63, 22), 1) AS starter, pg_temp.prose(n, 64, 2) AS question
  FROM generate_series(1, :runs) AS n, LATERAL (SELECT pg_temp.time_of(n, :runs, :'until'::timestamptz) AS t) AS at;

INSERT INTO runs (id, team_id, started_by, kind, name, grid, models, created_at, finished_at)
SELECT id, :'team_id', starter, 'playground', initcap(substr(question, 1, 60)),
       jsonb_build_object('prompt', jsonb_build_object('turns', jsonb_build_array(jsonb_build_object('text', question || ' {{topic}}'))),
                          'variants', variants, 'cases', cases, 'samples', 1, 'task', 'review'),
       models, t, t + interval '1 minute'
  FROM seed_runs
 CROSS JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('model', name) ORDER BY slot) AS variants, array_agg(name ORDER BY slot) AS models
                       FROM seed_models WHERE slot <= columns) AS of_variants
 CROSS JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('name', 'case ' || row, 'values', jsonb_build_array(
                            jsonb_build_array('topic', pg_temp.prose(n * 8 + row, 65, 1)))) ORDER BY row) AS cases
                       FROM generate_series(1, rows) AS row) AS of_cases;

CREATE TEMP TABLE seed_cells AS
SELECT n * 64 + slot * 8 + row AS nr, r.id AS run_id, r.starter, r.t + make_interval(secs => slot + row) AS t, slot, row, m.name, m.deployment_id, m.provider_id,
       m.upstream_model, m.version_id, asked, said, ((asked * m.input + said * m.output) + 999) / 1000 AS cost,
       pg_temp.id_at(r.t + make_interval(secs => slot + row), n * 64 + slot * 8 + row, 10) AS request_id
  FROM seed_runs r
 CROSS JOIN LATERAL generate_series(1, columns) AS slot
  JOIN seed_models m USING (slot)
 CROSS JOIN LATERAL generate_series(1, rows) AS row
 CROSS JOIN LATERAL (SELECT 80 + pg_temp.roll(n * 64 + slot * 8 + row, 66, 400) AS asked, 40 + pg_temp.roll(n * 64 + slot * 8 + row, 67, 400) AS said) AS spent;

INSERT INTO cells (id, run_id, variant, "case")
SELECT pg_temp.id_of(nr, 68), run_id, slot - 1, row - 1 FROM seed_cells;

INSERT INTO samples (id, cell_id, run_id, position, take, asked_by, state, epoch, created_at, due_at, text, metrics)
SELECT pg_temp.id_of(nr, 69), pg_temp.id_of(nr, 68), run_id, 0, 1, starter, 'done', 1, t, t, pg_temp.prose(nr, 70, 6),
       jsonb_build_object('request', request_id, 'calls', 1, 'first_token_ms', 300, 'total_ms', 300 + said * 8, 'usage_source', 'final',
            'usage', jsonb_build_object('input', asked, 'cache_read', 0, 'cache_write_short', 0, 'cache_write_long', 0, 'output', said, 'reasoning', 0),
            'cost', cost, 'unpriced', cost IS NULL, 'finish_reason', 'stop', 'model_served', upstream_model, 'provider', 'seed', 'attempts', 1)
  FROM seed_cells;
INSERT INTO sample_requests (request_id, sample_id) SELECT request_id, pg_temp.id_of(nr, 69) FROM seed_cells;
UPDATE runs r
   SET progress = run_progress(r.id), cost_nano = spent.cost, unpriced = spent.unpriced
  FROM (SELECT run_id, coalesce(sum(cost), 0) AS cost, bool_or(cost IS NULL) AS unpriced FROM seed_cells GROUP BY run_id) AS spent
 WHERE r.id = spent.run_id;
INSERT INTO pair_votes (team_id, run_id, "case", left_variant, right_variant, user_id, preference, blind, left_model, right_model, at)
SELECT :'team_id', one.run_id, one.row - 1, one.slot - 1, other.slot - 1, one.starter,
       (ARRAY['left', 'right', 'tie', 'both_bad'])[1 + width_bucket(pg_temp.roll(one.nr, 72, 100), ARRAY[40, 75, 90])],
       pg_temp.roll(one.nr, 73, 4) > 0, one.name, other.name, other.t + interval '2 minutes'
  FROM seed_cells one JOIN seed_cells other ON other.run_id = one.run_id AND other.row = one.row AND other.slot = one.slot + 1;

INSERT INTO attempts (
    id, request_id, attempt_no, state, admitted_at, expires_at, owner, origin, team_id, user_id, run_id, task,
    provider_id, deployment_id, model, model_asked, model_served, dialect, stream, price_version_id, input_bound, output_cap,
    reserved_nano, resolved_at, outcome, http_status, finish_reason, usage_source, input_tokens, cache_read_tokens,
    output_tokens, reasoning_tokens, cost_nano, charged_nano, flags, first_byte_ms, total_ms)
SELECT pg_temp.id_at(t, nr, 71), request_id, 1, 'settled', t, t + interval '10 minutes', pg_temp.id_of(1, 3), 'playground', :'team_id', starter, run_id, 'review',
       provider_id, deployment_id, name, name, upstream_model, 'openai_chat', true, version_id, asked * 4, 4096,
       coalesce(cost, 0), t + interval '4 seconds', 'success', 200, 'stop', 'final', asked, 0,
       said, 0, cost, coalesce(cost, 0), CASE WHEN cost IS NULL THEN '{unpriced}' ELSE '{}' END::text[], 300, 300 + said * 8
  FROM seed_cells;
