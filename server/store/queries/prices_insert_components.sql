-- $1 version, then one array per column.
INSERT INTO price_components (version_id, class, variant, above_input_tokens, pico)
SELECT $1, class, variant, above_input_tokens, pico
  FROM unnest($2::text[], $3::text[], $4::int[], $5::bigint[]) AS c (class, variant, above_input_tokens, pico)
