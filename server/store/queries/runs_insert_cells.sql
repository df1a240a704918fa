INSERT INTO cells (id, run_id, variant_id, case_id, state)
SELECT c.id, $1, c.variant_id, c.case_id, 'queued'
  FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS c (id, variant_id, case_id)
