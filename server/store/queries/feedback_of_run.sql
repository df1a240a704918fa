-- $1 team, $2 run, $3 person.
SELECT f.request_id, f.outcome, f.edit_distance, f.rating, f.comment, f.tags
  FROM runs r
  JOIN cells c ON c.run_id = r.id
  JOIN samples s ON s.cell_id = c.id AND s.is_current
  JOIN sample_requests q ON q.sample_id = s.id
  JOIN feedback f ON f.request_id = q.request_id AND f.source = 'user' AND f.source_id = $3 AND f.is_current
 WHERE r.team_id = $1 AND r.id = $2
