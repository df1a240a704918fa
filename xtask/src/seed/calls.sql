-- One row for each attempt, `calls` requests in all; 4 in 100 are tried twice. Resolved as the gateway resolves them, with
-- costs that follow from their tokens and prices.

-- Months that have passed: an instance that has been running has a partition for each of them.
DO $$
DECLARE
    month timestamptz := (date_trunc('month', (clock_timestamp() - interval '31 days') AT TIME ZONE 'UTC')) AT TIME ZONE 'UTC';
BEGIN
    WHILE month < clock_timestamp() LOOP
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF attempts FOR VALUES FROM (%L) TO (%L)',
            'attempts_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'), uuid_v7_floor(month),
            uuid_v7_floor((date_trunc('month', month AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'));
        month := ((month AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';
    END LOOP;
END
$$;

-- How an attempt ended, by a number below 1000; the last one of a request, or one that another followed.
CREATE OR REPLACE FUNCTION pg_temp.outcome(rolled integer, is_last boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN is_last THEN
        (ARRAY['success', 'cancelled', 'incomplete', 'caller_fault', 'account_fault', 'capacity', 'provider_fault', 'timeout', 'unreachable', 'abandoned'])
        [1 + width_bucket(rolled, ARRAY[930, 955, 965, 975, 980, 988, 994, 997, 999])]
    ELSE (ARRAY['capacity', 'provider_fault', 'timeout', 'unreachable'])[1 + width_bucket(rolled, ARRAY[550, 850, 930])] END
$$;

CREATE OR REPLACE FUNCTION pg_temp.state(outcome text) RETURNS attempt_state LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN outcome IN ('success', 'cancelled', 'incomplete') THEN 'settled'
                WHEN outcome IN ('timeout', 'abandoned') THEN 'uncertain' ELSE 'released' END::attempt_state
$$;

-- Each step says OFFSET 0, or what it works out would be worked out again wherever it is used.
INSERT INTO attempts (
    id, request_id, attempt_no, state, admitted_at, expires_at, owner, origin, team_id, key_id, user_id, task, tags, conversation,
    provider_id, deployment_id, model, model_asked, model_served, dialect, stream, price_version_id, input_bound, output_cap,
    reserved_nano, resolved_at, outcome, http_status, upstream_id, finish_reason, usage_source, input_tokens, cache_read_tokens,
    output_tokens, reasoning_tokens, cost_nano, charged_nano, flags, first_byte_ms, total_ms, bytes_out, client_aborted)
SELECT pg_temp.id_at(tried, n, 10 + attempt_no), pg_temp.id_at(t, n, 10), attempt_no, state, tried, tried + interval '10 minutes',
       pg_temp.id_of(1, 3), CASE WHEN is_api THEN 'api' ELSE 'playground' END, :'team_id',
       CASE WHEN is_api THEN pg_temp.id_of(key, 2) END,
       CASE WHEN NOT is_api THEN pg_temp.id_of(1 + pg_temp.skewed(n, 21, 22), 1) WHEN key > 10 THEN pg_temp.id_of(key - 10, 1) END,
       (ARRAY['boilerplate', 'completion', 'multi_file', 'refactoring', 'review', 'bug_fix', 'algorithms', 'tests'])[1 + pg_temp.skewed(n, 22, 11)],
       CASE WHEN pg_temp.roll(n, 23, 10) < 7 THEN jsonb_build_object(
            'repo', pg_temp.word(64 + 61 * pg_temp.skewed(n, 24, 39)), 'env', (ARRAY['ci', 'dev', 'prod'])[1 + pg_temp.roll(n, 25, 3)]) END,
       CASE WHEN pg_temp.roll(n, 26, 10) < 3 THEN 'conv-' || n / 7 END,
       provider_id, deployment_id, model, model, CASE WHEN state = 'settled' THEN upstream_model END,
       (ARRAY['openai_chat', 'openai_responses', 'anthropic_messages'])[1 + width_bucket(pg_temp.roll(n, 27, 100), ARRAY[60, 75])],
       is_stream, version_id, 4 * asked, 4096, reserved, tried + make_interval(secs => total_ms / 1000.0), outcome,
       CASE outcome WHEN 'capacity' THEN 429 WHEN 'provider_fault' THEN 500 WHEN 'caller_fault' THEN 400 WHEN 'account_fault' THEN 401
                    WHEN 'success' THEN 200 WHEN 'incomplete' THEN 200 WHEN 'cancelled' THEN 200 END,
       CASE WHEN state = 'settled' THEN 'chatcmpl-' || substr(md5(n::text), 1, 24) END,
       CASE outcome WHEN 'success' THEN CASE WHEN pg_temp.roll(n, 28, 20) = 0 THEN 'length' ELSE 'stop' END END,
       source, CASE WHEN state = 'settled' THEN asked - cached END, CASE WHEN state = 'settled' THEN cached END,
       CASE WHEN state = 'settled' THEN said END, CASE WHEN state = 'settled' THEN thought END,
       cost, CASE state WHEN 'settled' THEN coalesce(cost, 0) WHEN 'uncertain' THEN reserved ELSE 0 END,
       array_remove(ARRAY[
            CASE WHEN state = 'settled' AND version_id IS NULL THEN 'unpriced' END,
            CASE WHEN cost > reserved THEN 'overrun' END,
            CASE WHEN state = 'settled' AND pg_temp.roll(n, 29, 500) = 0 THEN 'usage_mismatch' END], NULL),
       CASE WHEN state = 'settled' THEN first_ms END, total_ms, CASE WHEN state = 'settled' THEN said * 4 END, outcome = 'cancelled'
  FROM generate_series(:first::bigint, :last) AS n
 CROSS JOIN LATERAL (SELECT pg_temp.time_of(n, :calls, :'until'::timestamptz) AS t, pg_temp.roll(n, 30, 100) < 92 AS is_api,
       1 + pg_temp.skewed(n, 20, 15) AS key,
       pg_temp.roll(n, 31, 10) < 7 AS is_stream, 150 + pg_temp.skewed(n, 32, 30000) AS asked, 5 + pg_temp.skewed(n, 33, 3000) AS said,
       120 + pg_temp.skewed(n, 34, 4000) AS first_ms, CASE WHEN pg_temp.roll(n, 35, 25) = 0 THEN 2 ELSE 1 END AS tries OFFSET 0) AS call
  JOIN LATERAL (SELECT slot, name AS model, deployment_id, provider_id, upstream_model, version_id, input, seed_models.cached AS reread, output
                  FROM seed_models
                 WHERE slot = 1 + width_bucket(pg_temp.roll(n, 36, 1000), ARRAY[300, 500, 640, 740, 810, 870, 910, 945, 970, 985, 995])) AS model ON true
 CROSS JOIN LATERAL generate_series(1, tries) AS attempt_no
 CROSS JOIN LATERAL (SELECT t + make_interval(secs => (attempt_no - 1) * 0.9) AS tried,
       pg_temp.outcome(pg_temp.roll(n, 36 + attempt_no, 1000), attempt_no = tries) AS outcome,
       CASE WHEN pg_temp.roll(n, 40, 3) = 0 THEN asked * 3 / 4 ELSE 0 END AS cached, CASE WHEN slot % 3 = 0 THEN said / 3 ELSE 0 END AS thought OFFSET 0) AS try
 CROSS JOIN LATERAL (SELECT pg_temp.state(outcome) AS state, first_ms + said * (4 + slot) AS total_ms,
       coalesce((4 * asked * input + 4096 * output + 999) / 1000, 0) AS reserved OFFSET 0) AS ended
 CROSS JOIN LATERAL (SELECT
       CASE WHEN state = 'settled' THEN ((asked - cached) * input + cached * reread + (said + thought) * output + 999) / 1000 END AS cost,
       CASE WHEN state <> 'settled' THEN 'none' WHEN outcome <> 'success' THEN 'partial'
            WHEN pg_temp.roll(n, 41, 40) = 0 THEN 'estimated' ELSE 'final' END::usage_source AS source OFFSET 0) AS settled;
