-- One statement is one snapshot: text, states and cursor belong together.
SELECT t.slug AS team, u.name AS starter, r.created_at, r.seq, r.finished_at IS NOT NULL AS "is_finished!",
       v.model, v.system, v.max_output, v.temperature, k."user", c.id AS cell, c.state, s.error AS "error?",
       s.metrics AS "metrics?",
       coalesce(s.text, (SELECT string_agg(e.payload ->> 'text', '' ORDER BY e.seq)
                           FROM run_events e
                          WHERE e.run_id = r.id AND e.cell_id = c.id AND e.kind = 'cell.delta'), '') AS "text!"
  FROM runs r
  JOIN teams t ON t.id = r.team_id
  JOIN users u ON u.id = r.started_by
  JOIN cells c ON c.run_id = r.id
  JOIN variants v ON v.id = c.variant_id
  JOIN cases k ON k.id = c.case_id
  LEFT JOIN samples s ON s.cell_id = c.id AND s.position = 0
 WHERE r.team_id = $1 AND r.id = $2
 ORDER BY k.position, v.position
