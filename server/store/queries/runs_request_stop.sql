-- Running cells are asked to stop; queued ones are handed back, to be ended right away.
UPDATE cells c
   SET stop_requested = true
  FROM runs r
 WHERE r.id = c.run_id AND r.team_id = $1 AND r.id = $2 AND (c.id = $3 OR $3 IS NULL) AND c.state IN ('queued', 'running')
RETURNING c.id, c.epoch, c.state
