-- A run is a grid: variants (a model and its parameters) x cases (messages) = cells, each with samples.
CREATE TABLE runs (
    id                  uuid        PRIMARY KEY,
    team_id             uuid        NOT NULL REFERENCES teams,
    started_by          uuid        NOT NULL REFERENCES users,
    kind                text        NOT NULL CHECK (kind IN ('playground')),
    -- Sequence number of the newest event. The appending transaction takes the next by updating this row, so commit order
    -- is sequence order and no reader can skip an event.
    seq                 bigint      NOT NULL DEFAULT 0,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at         timestamptz
);
CREATE INDEX runs_team ON runs (team_id, created_at DESC, id DESC);
CREATE TABLE variants (
    id                  uuid        PRIMARY KEY,
    run_id              uuid        NOT NULL REFERENCES runs,
    position            integer     NOT NULL,
    model               text        NOT NULL,
    system              text        NOT NULL,
    max_output          integer     CHECK (max_output > 0),
    -- Decimal text, sent to the provider as it was typed.
    temperature         text        NOT NULL DEFAULT '',
    UNIQUE (run_id, position)
);
CREATE TABLE cases (
    id                  uuid        PRIMARY KEY,
    run_id              uuid        NOT NULL REFERENCES runs,
    position            integer     NOT NULL,
    "user"              text        NOT NULL,
    UNIQUE (run_id, position)
);
CREATE TABLE cells (
    id                  uuid        PRIMARY KEY,
    run_id              uuid        NOT NULL REFERENCES runs,
    variant_id          uuid        NOT NULL REFERENCES variants,
    case_id             uuid        NOT NULL REFERENCES cases,
    state               text        NOT NULL CHECK (state IN ('queued', 'running', 'done', 'stopped', 'failed')),
    -- The queue is this table: a claim takes a lease by the database clock and raises the epoch; writes that carry an
    -- older epoch are refused.
    epoch               integer     NOT NULL DEFAULT 0,
    owner               uuid,
    lease_until         timestamptz,
    stop_requested      boolean     NOT NULL DEFAULT false,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (variant_id, case_id)
);
CREATE INDEX cells_run ON cells (run_id);
CREATE INDEX cells_open ON cells (created_at) WHERE state IN ('queued', 'running');
CREATE TABLE samples (
    id                  uuid        PRIMARY KEY,
    cell_id             uuid        NOT NULL REFERENCES cells,
    position            integer     NOT NULL,
    request_id          uuid,
    text                text        NOT NULL DEFAULT '',
    error               text,
    metrics             jsonb       NOT NULL DEFAULT '{}',
    UNIQUE (cell_id, position)
);
CREATE TABLE run_events (
    run_id              uuid        NOT NULL REFERENCES runs,
    seq                 bigint      NOT NULL,
    cell_id             uuid,
    kind                text        NOT NULL,
    payload             jsonb       NOT NULL,
    at                  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, seq)
);
