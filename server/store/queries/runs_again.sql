-- $1 run, $2 cells or none for all, $3 only what failed or was stopped, $4 samples of a cell.
SELECT c.id AS cell, p.position AS "position!", coalesce(s.take, 0) + 1 AS "take!"
  FROM cells c
 CROSS JOIN generate_series(0, $4::integer - 1) AS p (position)
  LEFT JOIN samples s ON s.cell_id = c.id AND s.position = p.position AND s.is_current
 WHERE c.run_id = $1
   AND (cardinality($2::uuid[]) = 0 OR c.id = ANY ($2))
   AND CASE WHEN $3::boolean THEN s.state IN ('failed', 'stopped')
            ELSE NOT EXISTS (SELECT FROM samples o
                              WHERE o.cell_id = c.id AND o.is_current AND o.state IN ('queued', 'running')) END
 ORDER BY c."case", p.position, c.variant
