-- What History asks of the ledger at a million requests a month.

-- Attempts that another attempt of their request has followed. History has one row per request, its last attempt.
CREATE TABLE retried (
    request_id          uuid        NOT NULL,
    attempt_no          smallint    NOT NULL,
    PRIMARY KEY (request_id, attempt_no)
);
INSERT INTO retried SELECT request_id, attempt_no - 1 FROM attempts WHERE attempt_no > 1 ON CONFLICT DO NOTHING;
CREATE FUNCTION attempts_retried() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO retried VALUES (NEW.request_id, NEW.attempt_no - 1) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER attempts_retried AFTER INSERT ON attempts
    FOR EACH ROW WHEN (NEW.attempt_no > 1) EXECUTE FUNCTION attempts_retried();

-- One index per field that History filters by, in its order, so that a page is found without reading what does not match.
CREATE INDEX attempts_model    ON attempts (team_id, model, admitted_at DESC, id DESC);
CREATE INDEX attempts_provider ON attempts (team_id, provider_id, admitted_at DESC, id DESC);
CREATE INDEX attempts_key      ON attempts (team_id, key_id, admitted_at DESC, id DESC) WHERE key_id IS NOT NULL;
CREATE INDEX attempts_person   ON attempts (team_id, user_id, admitted_at DESC, id DESC) WHERE user_id IS NOT NULL;
CREATE INDEX attempts_outcome  ON attempts (team_id, outcome, admitted_at DESC, id DESC);
CREATE INDEX attempts_task     ON attempts (team_id, task, admitted_at DESC, id DESC);
CREATE INDEX attempts_origin   ON attempts (team_id, origin, admitted_at DESC, id DESC);
CREATE INDEX attempts_dialect  ON attempts (team_id, dialect, admitted_at DESC, id DESC);
-- What should be rare.
CREATE INDEX attempts_uncertain ON attempts (team_id, admitted_at DESC, id DESC) WHERE state = 'uncertain';
CREATE INDEX attempts_unpriced  ON attempts (team_id, admitted_at DESC, id DESC) WHERE 'unpriced' = ANY (flags);
CREATE INDEX attempts_overrun   ON attempts (team_id, admitted_at DESC, id DESC) WHERE 'overrun' = ANY (flags);
CREATE INDEX attempts_estimated ON attempts (team_id, admitted_at DESC, id DESC) WHERE usage_source = 'estimated';
CREATE INDEX attempts_flagged   ON attempts (team_id, admitted_at DESC, id DESC)
    WHERE state = 'uncertain' OR 'unpriced' = ANY (flags) OR 'overrun' = ANY (flags) OR usage_source = 'estimated';
CREATE INDEX attempts_tags      ON attempts USING gin (tags jsonb_path_ops) WHERE tags IS NOT NULL;
-- Sizes: the few largest are far apart.
CREATE FUNCTION all_tokens(a bigint, b bigint, c bigint, d bigint, e bigint, f bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT a + coalesce(b, 0) + coalesce(c, 0) + coalesce(d, 0) + coalesce(e, 0) + coalesce(f, 0) $$;
CREATE INDEX attempts_cost      ON attempts (team_id, cost_nano);
CREATE INDEX attempts_latency   ON attempts (team_id, total_ms);
CREATE INDEX attempts_tokens    ON attempts (team_id, all_tokens(input_tokens, cache_read_tokens, cache_write_short_tokens,
                                             cache_write_long_tokens, output_tokens, reasoning_tokens));

-- Words of what was said in a request, for search. The first one names the team, so that no search reads another team's rows.
-- The server takes them out of a text when it stores it; what was stored before is not found, and gone within 30 days.
CREATE TABLE request_words (
    request_id          uuid        PRIMARY KEY,
    team_id             uuid        NOT NULL,
    words               tsvector    NOT NULL
);
-- Reading them costs more than keeping them.
ALTER TABLE request_words ALTER COLUMN words SET STORAGE EXTERNAL;
CREATE INDEX request_words_words ON request_words USING gin (words);
-- A row moves forward once (uncertain -> settled is the one second step), keeps its identity, and never goes away. What kind
-- of work it was for may be said later: once it has ended, the task alone may change.
CREATE OR REPLACE FUNCTION attempts_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    relabelled attempts := NEW;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'attempts are never deleted';
    END IF;
    relabelled.task := OLD.task;
    IF OLD.state <> 'reserved' AND NEW.task IS DISTINCT FROM OLD.task AND relabelled IS NOT DISTINCT FROM OLD THEN
        RETURN NEW;
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
