UPDATE attempts AS a
   SET state = r.state::attempt_state,
       resolved_at = clock_timestamp(),
       outcome = r.outcome,
       http_status = r.http_status,
       upstream_id = r.upstream_id,
       finish_reason = r.finish_reason,
       model_served = r.model_served,
       usage_source = r.usage_source::usage_source,
       usage_raw = r.usage_raw::jsonb,
       input_tokens = r.input_tokens,
       cache_read_tokens = r.cache_read_tokens,
       cache_write_short_tokens = r.cache_write_short_tokens,
       cache_write_long_tokens = r.cache_write_long_tokens,
       output_tokens = r.output_tokens,
       reasoning_tokens = r.reasoning_tokens,
       cost_nano = r.cost_nano,
       charged_nano = r.charged_nano,
       flags = string_to_array(r.flags, ','),
       first_byte_ms = r.first_byte_ms,
       total_ms = r.total_ms,
       bytes_out = r.bytes_out,
       client_aborted = r.client_aborted
  FROM UNNEST(
       $1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
       $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
       $17::bigint[], $18::text[], $19::integer[], $20::integer[], $21::bigint[], $22::boolean[])
    AS r(id, state, outcome, http_status, upstream_id, finish_reason, model_served, usage_source, usage_raw,
         input_tokens, cache_read_tokens, cache_write_short_tokens, cache_write_long_tokens, output_tokens,
         reasoning_tokens, cost_nano, charged_nano, flags, first_byte_ms, total_ms, bytes_out, client_aborted)
 WHERE a.id = r.id
