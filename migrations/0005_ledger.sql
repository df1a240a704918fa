CREATE TYPE attempt_state AS ENUM ('reserved', 'released', 'settled', 'uncertain');
CREATE TYPE usage_source AS ENUM ('final', 'partial', 'estimated', 'none');

-- One row per upstream request, committed in state `reserved` before any byte is sent. No foreign keys: ids were checked
-- against the configuration snapshot, and a row outlives what it names. Budget columns wait for the budgets.
CREATE TABLE attempts (
    id                       uuid          PRIMARY KEY,
    request_id               uuid          NOT NULL,
    attempt_no               smallint      NOT NULL,
    state                    attempt_state NOT NULL,
    admitted_at              timestamptz   NOT NULL,
    expires_at               timestamptz   NOT NULL,
    owner                    uuid          NOT NULL,
    origin                   text          NOT NULL CHECK (origin IN ('api', 'playground', 'run', 'probe')),
    team_id                  uuid          NOT NULL,
    key_id                   uuid,
    user_id                  uuid,
    run_id                   uuid,
    route_id                 uuid,
    prompt_version_id        uuid,
    task                     text,
    tags                     jsonb,
    conversation             text,
    provider_id              uuid          NOT NULL,
    deployment_id            uuid          NOT NULL,
    model                    text          NOT NULL,
    model_asked              text          NOT NULL,
    model_served             text,
    dialect                  text          NOT NULL,
    stream                   boolean       NOT NULL,
    price_version_id         uuid,
    variant                  text          NOT NULL DEFAULT 'standard',
    input_bound              bigint        NOT NULL,
    output_cap               bigint        NOT NULL,
    reserved_nano            bigint        NOT NULL CHECK (reserved_nano >= 0),
    budget_ids               uuid[]        NOT NULL DEFAULT '{}',
    window_starts            timestamptz[] NOT NULL DEFAULT '{}',
    resolved_at              timestamptz,
    outcome                  text,
    http_status              smallint,
    upstream_id              text,
    finish_reason            text,
    usage_source             usage_source,
    input_tokens             bigint,
    cache_read_tokens        bigint,
    cache_write_short_tokens bigint,
    cache_write_long_tokens  bigint,
    output_tokens            bigint,
    reasoning_tokens         bigint,
    usage_raw                jsonb,
    cost_nano                bigint        CHECK (cost_nano >= 0),
    charged_nano             bigint        NOT NULL DEFAULT 0 CHECK (charged_nano >= 0),
    provider_cost_nano       bigint,
    flags                    text[]        NOT NULL DEFAULT '{}',
    first_byte_ms            integer,
    total_ms                 integer,
    bytes_out                bigint,
    client_aborted           boolean       NOT NULL DEFAULT false,
    CHECK (cardinality(budget_ids) = cardinality(window_starts)),
    CHECK (state <> 'released' OR charged_nano = 0),
    CHECK (state <> 'settled' OR cost_nano IS NOT NULL OR 'unpriced' = ANY (flags)),
    CHECK ((state = 'reserved') = (resolved_at IS NULL))
) PARTITION BY RANGE (id);

CREATE INDEX attempts_open ON attempts (expires_at) WHERE state = 'reserved';
CREATE INDEX attempts_team ON attempts (team_id, admitted_at DESC, id DESC);
CREATE INDEX attempts_call ON attempts (request_id);
CREATE INDEX attempts_run ON attempts (run_id) WHERE run_id IS NOT NULL;

-- Months are ranges of UUIDv7 ids: the first 48 bits are milliseconds. A wrong clock lands in the default partition.
CREATE TABLE attempts_default PARTITION OF attempts DEFAULT;

CREATE FUNCTION uuid_v7_floor(t timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-0000-0000-000000000000')::uuid
      FROM (SELECT lpad(to_hex((extract(epoch FROM t) * 1000)::bigint), 12, '0') AS h) AS hex
$$;

-- Makes the partitions of this month and the next three. Called at start and by a tick; the fixed search path keeps a
-- caller from substituting objects.
CREATE FUNCTION make_attempt_partitions() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    month timestamptz;
BEGIN
    FOR ahead IN 0..3 LOOP
        month := (date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') + make_interval(months => ahead)) AT TIME ZONE 'UTC';
        EXECUTE format(
            'CREATE TABLE IF NOT EXISTS %I PARTITION OF attempts FOR VALUES FROM (%L) TO (%L)',
            'attempts_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'),
            uuid_v7_floor(month),
            uuid_v7_floor((date_trunc('month', month AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'));
    END LOOP;
END
$$;
SELECT make_attempt_partitions();

-- A row moves forward once (uncertain -> settled is the one second step), keeps its identity, and never goes away.
CREATE FUNCTION attempts_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'attempts are never deleted';
    END IF;
    IF NOT (OLD.state = 'reserved' AND NEW.state IN ('released', 'settled', 'uncertain')
            OR OLD.state = 'uncertain' AND NEW.state = 'settled') THEN
        RAISE EXCEPTION 'attempt % may not move from % to %', OLD.id, OLD.state, NEW.state;
    END IF;
    IF (NEW.id, NEW.request_id, NEW.attempt_no, NEW.admitted_at, NEW.expires_at, NEW.owner, NEW.origin, NEW.team_id,
        NEW.key_id, NEW.user_id, NEW.run_id, NEW.provider_id, NEW.deployment_id, NEW.model, NEW.model_asked, NEW.dialect,
        NEW.stream, NEW.price_version_id, NEW.variant, NEW.input_bound, NEW.output_cap, NEW.reserved_nano, NEW.budget_ids,
        NEW.window_starts)
       IS DISTINCT FROM
       (OLD.id, OLD.request_id, OLD.attempt_no, OLD.admitted_at, OLD.expires_at, OLD.owner, OLD.origin, OLD.team_id,
        OLD.key_id, OLD.user_id, OLD.run_id, OLD.provider_id, OLD.deployment_id, OLD.model, OLD.model_asked, OLD.dialect,
        OLD.stream, OLD.price_version_id, OLD.variant, OLD.input_bound, OLD.output_cap, OLD.reserved_nano, OLD.budget_ids,
        OLD.window_starts) THEN
        RAISE EXCEPTION 'attempt % may not change its identity', OLD.id;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER attempts_guard BEFORE UPDATE OR DELETE ON attempts FOR EACH ROW EXECUTE FUNCTION attempts_guard();

-- One row per server process, with a heartbeat: attempts of a dead owner are swept early.
CREATE TABLE replicas (
    id                  uuid        PRIMARY KEY,
    started_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
