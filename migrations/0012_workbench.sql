-- A run is a grid: immutable, as its starter wrote it. Cells are its places; each holds samples, and a sample has takes, of
-- which the newest is current. The queue is the table of samples.
ALTER TABLE runs
    ADD COLUMN name       text    NOT NULL DEFAULT '',
    ADD COLUMN grid       jsonb,
    -- Models of the variants, for lists.
    ADD COLUMN models     text[]  NOT NULL DEFAULT '{}',
    -- Sum over all takes that ended, and whether one of them has no known cost. Written by who holds the run's row.
    ADD COLUMN cost_nano  bigint  NOT NULL DEFAULT 0 CHECK (cost_nano >= 0),
    ADD COLUMN unpriced   boolean NOT NULL DEFAULT false,
    -- Counts of cells, kept while nothing is open; null: count them.
    ADD COLUMN progress   jsonb;
-- Every event rewrites the row: a grid that can stay outside of it does.
ALTER TABLE runs SET (toast_tuple_target = 128);

-- Runs from before had one case and shared everything but the model.
UPDATE runs r
   SET models = v.models,
       name = coalesce(left(split_part(ltrim(k."user", E' \n\t'), E'\n', 1), 80), ''),
       grid = jsonb_build_object(
           'prompt', jsonb_build_object('system', v.system, 'turns',
               jsonb_build_array(jsonb_build_object('role', 'user', 'text', coalesce(k."user", '')))),
           'settings', jsonb_build_object('max_output', v.max_output, 'temperature', v.temperature),
           'variants', v.variants,
           'cases', jsonb_build_array(jsonb_build_object()),
           'samples', 1)
  FROM (SELECT run_id, array_agg(model ORDER BY position) AS models, min(system) AS system, min(max_output) AS max_output,
               min(temperature) AS temperature,
               jsonb_agg(jsonb_build_object('model', model) ORDER BY position) AS variants
          FROM variants GROUP BY run_id) v
  LEFT JOIN cases k ON k.run_id = v.run_id AND k.position = 0
 WHERE r.id = v.run_id;
UPDATE runs SET grid = '{}' WHERE grid IS NULL;
ALTER TABLE runs ALTER COLUMN grid SET NOT NULL;

ALTER TABLE cells   RENAME TO cells_before;
ALTER TABLE samples RENAME TO samples_before;
ALTER TABLE cells_before   RENAME CONSTRAINT cells_pkey TO cells_before_pkey;
ALTER TABLE samples_before RENAME CONSTRAINT samples_pkey TO samples_before_pkey;
DROP INDEX cells_run, cells_open;

CREATE TABLE cells (
    id                  uuid        PRIMARY KEY,
    run_id              uuid        NOT NULL REFERENCES runs,
    -- Indexes into the grid.
    variant             integer     NOT NULL CHECK (variant >= 0),
    "case"              integer     NOT NULL CHECK ("case" >= 0),
    UNIQUE (run_id, "case", variant)
);
CREATE TABLE samples (
    id                  uuid        PRIMARY KEY,
    cell_id             uuid        NOT NULL REFERENCES cells,
    run_id              uuid        NOT NULL REFERENCES runs,
    position            integer     NOT NULL CHECK (position >= 0),
    take                integer     NOT NULL CHECK (take > 0),
    -- The newest take of its position.
    is_current          boolean     NOT NULL DEFAULT true,
    state               text        NOT NULL CHECK (state IN ('queued', 'running', 'done', 'stopped', 'failed')),
    -- A claim takes a lease by the database clock and raises the epoch; writes that carry an older epoch are refused.
    epoch               integer     NOT NULL DEFAULT 0,
    owner               uuid,
    lease_until         timestamptz,
    stop_requested      boolean     NOT NULL DEFAULT false,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Who asked for it: its calls are theirs.
    asked_by            uuid        NOT NULL REFERENCES users,
    -- Claims go by this time. Each further sample of a run counts as queued a little later, so a run of a thousand samples
    -- does not keep the next run waiting until its last one, and is itself never put off for ever.
    due_at              timestamptz NOT NULL,
    -- The turn: at first what it goes on with, in the end all of it.
    prior               jsonb       NOT NULL DEFAULT '[]',
    text                text        NOT NULL DEFAULT '',
    calls               jsonb       NOT NULL DEFAULT '[]',
    error               text,
    metrics             jsonb       NOT NULL DEFAULT '{}',
    UNIQUE (cell_id, position, take)
);
CREATE UNIQUE INDEX samples_current ON samples (cell_id, position) WHERE is_current;
CREATE INDEX samples_queue ON samples (due_at, id) WHERE state IN ('queued', 'running');
CREATE INDEX samples_open ON samples (run_id) WHERE state IN ('queued', 'running');
CREATE INDEX samples_run ON samples (run_id);

-- Which sample a request was made for.
CREATE TABLE sample_requests (
    request_id          uuid        PRIMARY KEY,
    sample_id           uuid        NOT NULL REFERENCES samples
);
CREATE INDEX sample_requests_sample ON sample_requests (sample_id);

-- What went to a provider and came back, without secrets.
CREATE TABLE sample_wires (
    sample_id           uuid        NOT NULL REFERENCES samples,
    number              integer     NOT NULL,
    url                 text        NOT NULL,
    headers             jsonb       NOT NULL,
    body                text        NOT NULL,
    status              integer,
    answer              text        NOT NULL,
    is_cut              boolean     NOT NULL,
    PRIMARY KEY (sample_id, number)
);

INSERT INTO cells (id, run_id, variant, "case")
SELECT c.id, c.run_id, v.position, k.position
  FROM cells_before c JOIN variants v ON v.id = c.variant_id JOIN cases k ON k.id = c.case_id;
INSERT INTO samples (id, cell_id, run_id, position, take, state, epoch, created_at, asked_by, due_at, text, error, metrics)
SELECT coalesce(s.id, c.id), c.id, c.run_id, 0, 1, CASE WHEN c.state IN ('queued', 'running') THEN 'failed' ELSE c.state END,
       c.epoch, c.created_at, r.started_by, c.created_at,
       coalesce(s.text, (SELECT string_agg(e.payload ->> 'text', '' ORDER BY e.seq) FROM run_events e
                          WHERE e.run_id = c.run_id AND e.cell_id = c.id AND e.kind = 'cell.delta'), ''),
       CASE WHEN c.state IN ('queued', 'running') THEN 'The server was updated in the middle. Run it again.' ELSE s.error END,
       coalesce(s.metrics, '{"unpriced": false}')
  FROM cells_before c JOIN runs r ON r.id = c.run_id
  LEFT JOIN samples_before s ON s.cell_id = c.id AND s.position = 0;
INSERT INTO sample_requests (request_id, sample_id)
SELECT DISTINCT ON (request_id) request_id, id FROM samples_before WHERE request_id IS NOT NULL AND position = 0;
DROP TABLE samples_before, cells_before, cases, variants;

-- The log told of cells; it tells of samples now.
ALTER TABLE run_events ADD COLUMN sample_id uuid;
UPDATE run_events e
   SET sample_id = s.id,
       payload = e.payload || CASE e.kind WHEN 'cell.start' THEN '{"sample": 0, "take": 1}'::jsonb ELSE '{"sample": 0}' END
  FROM samples s
 WHERE s.cell_id = e.cell_id AND s.run_id = e.run_id;
-- The text of a sample that still runs is the sum of these.
CREATE INDEX run_events_sample ON run_events (sample_id, seq);

-- How far a run is, in cells, by their current samples: what is open first, then what went wrong.
CREATE FUNCTION run_progress(of_run uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
               'cells', count(*),
               'idle', count(*) FILTER (WHERE state = 'idle'),
               'open', count(*) FILTER (WHERE state = 'open'),
               'done', count(*) FILTER (WHERE state = 'done'),
               'stopped', count(*) FILTER (WHERE state = 'stopped'),
               'failed', count(*) FILTER (WHERE state = 'failed'))
      FROM (SELECT CASE WHEN count(s.id) = 0 THEN 'idle'
                        WHEN bool_or(s.state IN ('queued', 'running')) THEN 'open'
                        WHEN bool_or(s.state = 'failed') THEN 'failed'
                        WHEN bool_or(s.state = 'stopped') THEN 'stopped'
                        ELSE 'done' END AS state
              FROM cells c LEFT JOIN samples s ON s.cell_id = c.id AND s.is_current
             WHERE c.run_id = of_run
             GROUP BY c.id) AS cell
$$;
UPDATE runs r
   SET finished_at = coalesce(r.finished_at, clock_timestamp()),
       cost_nano = coalesce((SELECT sum((s.metrics ->> 'cost')::bigint) FROM samples s WHERE s.run_id = r.id), 0),
       unpriced = EXISTS (SELECT FROM samples s WHERE s.run_id = r.id AND (s.metrics ->> 'unpriced')::boolean),
       progress = run_progress(r.id);

-- What people keep for later.
CREATE TABLE images (
    id                  uuid        PRIMARY KEY,
    team_id             uuid        NOT NULL REFERENCES teams,
    sha256              bytea       NOT NULL CHECK (length(sha256) = 32),
    media_type          text        NOT NULL,
    bytes               bytea       NOT NULL,
    width               integer     NOT NULL,
    height              integer     NOT NULL,
    created_by          uuid        NOT NULL REFERENCES users,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The same image twice is one.
    CONSTRAINT images_content_key UNIQUE (team_id, sha256)
);
-- Images are compressed already.
ALTER TABLE images ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE TABLE drafts (
    team_id             uuid        NOT NULL REFERENCES teams,
    user_id             uuid        NOT NULL REFERENCES users,
    grid                jsonb       NOT NULL,
    saved_at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (team_id, user_id)
);
CREATE TABLE case_sets (
    id                  uuid        PRIMARY KEY,
    team_id             uuid        NOT NULL REFERENCES teams,
    owner               uuid        NOT NULL REFERENCES users,
    name                text        NOT NULL,
    shared              boolean     NOT NULL,
    cases               jsonb       NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    archived_at         timestamptz
);
CREATE UNIQUE INDEX case_sets_name_key ON case_sets (team_id, owner, name) WHERE archived_at IS NULL;
CREATE TABLE saved_views (
    id                  uuid        PRIMARY KEY,
    team_id             uuid        NOT NULL REFERENCES teams,
    owner               uuid        NOT NULL REFERENCES users,
    name                text        NOT NULL,
    query               text        NOT NULL,
    shared              boolean     NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT saved_views_name_key UNIQUE (team_id, owner, name)
);

-- What a person or a key said about a request. Saying it again adds a row; the one before stays, no longer current.
CREATE TABLE feedback (
    id                  uuid        PRIMARY KEY,
    team_id             uuid        NOT NULL REFERENCES teams,
    request_id          uuid        NOT NULL,
    -- Of the request, so that reports need not look it up. Its task follows when somebody sets another one.
    admitted_at         timestamptz NOT NULL,
    model               text        NOT NULL,
    prompt_version_id   uuid,
    task                text,
    source              text        NOT NULL CHECK (source IN ('user', 'key')),
    source_id           uuid        NOT NULL,
    outcome             text        CHECK (outcome IN ('accepted', 'edited', 'rejected')),
    -- Ten-thousandths of the text.
    edit_distance       integer     CHECK (edit_distance BETWEEN 0 AND 10000),
    rating              smallint    CHECK (rating BETWEEN 1 AND 5),
    comment             text        NOT NULL,
    tags                text[]      NOT NULL,
    at                  timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The last word of its source.
    is_current          boolean     NOT NULL DEFAULT true,
    -- The newest current outcome of the request, whoever said it: what lists show.
    is_newest           boolean     NOT NULL DEFAULT false CHECK (NOT is_newest OR is_current AND outcome IS NOT NULL)
);
CREATE UNIQUE INDEX feedback_current ON feedback (request_id, source, source_id) WHERE is_current;
CREATE UNIQUE INDEX feedback_newest ON feedback (request_id) INCLUDE (outcome) WHERE is_newest;
-- History finds requests by their verdicts here, in its order.
CREATE INDEX feedback_outcome ON feedback (team_id, outcome, admitted_at DESC) INCLUDE (request_id, task, model) WHERE is_newest;
CREATE INDEX feedback_time ON feedback (team_id, admitted_at DESC) INCLUDE (request_id, outcome, task, model) WHERE is_newest;
CREATE INDEX feedback_report ON feedback (team_id, admitted_at) WHERE is_current;
CREATE INDEX feedback_source ON feedback (source_id);

-- One person's word on two columns of a row. `left_variant` is the smaller index, whichever side the page showed it on.
CREATE TABLE pair_votes (
    team_id             uuid        NOT NULL REFERENCES teams,
    run_id              uuid        NOT NULL REFERENCES runs,
    "case"              integer     NOT NULL,
    left_variant        integer     NOT NULL,
    right_variant       integer     NOT NULL CHECK (left_variant < right_variant),
    user_id             uuid        NOT NULL REFERENCES users,
    preference          text        NOT NULL CHECK (preference IN ('left', 'right', 'tie', 'both_bad')),
    blind               boolean     NOT NULL,
    left_model          text        NOT NULL,
    right_model         text        NOT NULL,
    at                  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, "case", left_variant, right_variant, user_id)
);
CREATE INDEX pair_votes_team ON pair_votes (team_id, at);
