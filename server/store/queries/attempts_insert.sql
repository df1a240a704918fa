INSERT INTO attempts (
    id, request_id, attempt_no, state, admitted_at, expires_at, owner, origin, team_id, key_id, user_id, run_id,
    provider_id, deployment_id, model, model_asked, dialect, stream, price_version_id, input_bound, output_cap,
    reserved_nano, task, tags, conversation)
SELECT a.id, a.request_id, a.attempt_no, 'reserved', db.t, db.t + a.life_ms * interval '1 millisecond', $1, a.origin,
       a.team_id, a.key_id, a.user_id, a.run_id, a.provider_id, a.deployment_id, a.model, a.model_asked, a.dialect,
       a.stream, a.price_version_id, a.input_bound, a.output_cap, a.reserved_nano, a.task, a.tags, a.conversation
  FROM (SELECT clock_timestamp() AS t) AS db
 CROSS JOIN UNNEST(
       $2::uuid[], $3::uuid[], $4::smallint[], $5::bigint[], $6::text[], $7::uuid[], $8::uuid[], $9::uuid[],
       $10::uuid[], $11::uuid[], $12::uuid[], $13::text[], $14::text[], $15::text[], $16::boolean[], $17::uuid[],
       $18::bigint[], $19::bigint[], $20::bigint[], $21::text[], $22::jsonb[], $23::text[])
    AS a(id, request_id, attempt_no, life_ms, origin, team_id, key_id, user_id, run_id, provider_id, deployment_id,
         model, model_asked, dialect, stream, price_version_id, input_bound, output_cap, reserved_nano,
         task, tags, conversation)
-- One order everywhere, so that two writers that share rows never wait for each other in a circle.
 ORDER BY a.id
    ON CONFLICT (id) DO NOTHING
