-- $1 run, $2 who asks, $3 seconds between two samples of a run, then by take: id, cell, position, number.
INSERT INTO samples (id, cell_id, run_id, position, take, state, asked_by, due_at)
SELECT n.id, c.id, c.run_id, n.position, n.take, 'queued', $2,
       statement_timestamp() + make_interval(secs => $3::double precision * (row_number() OVER (ORDER BY c."case", n.position, c.variant) - 1))
  FROM unnest($4::uuid[], $5::uuid[], $6::integer[], $7::integer[]) AS n (id, cell_id, position, take)
  JOIN cells c ON c.id = n.cell_id AND c.run_id = $1
