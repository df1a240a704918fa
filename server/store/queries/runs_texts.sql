-- $1 team, $2 run. The first sample of each cell that has one.
SELECT c.variant, c."case", s.state,
       CASE WHEN s.state = 'running' THEN
           coalesce((SELECT string_agg(e.payload ->> 'text', '' ORDER BY e.seq) FROM run_events e
                      WHERE e.sample_id = s.id AND e.kind = 'cell.delta'), '') ELSE s.text END AS "text!"
  FROM runs r
  JOIN cells c ON c.run_id = r.id
  JOIN samples s ON s.cell_id = c.id AND s.position = 0 AND s.is_current
 WHERE r.team_id = $1 AND r.id = $2
 ORDER BY c."case", c.variant
