INSERT INTO variants (id, run_id, position, model, system, max_output, temperature)
SELECT v.id, $1, (v.nr - 1)::integer, v.model, v.system, v.max_output, v.temperature
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::integer[], $6::text[])
       WITH ORDINALITY AS v (id, model, system, max_output, temperature, nr)
