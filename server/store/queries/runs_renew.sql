-- Rows are locked in the order of their ids, as asking to stop does.
WITH held AS (
    SELECT id FROM samples WHERE owner = $1 AND state = 'running' ORDER BY id FOR UPDATE)
UPDATE samples s
   SET lease_until = clock_timestamp() + make_interval(secs => $2)
  FROM held
 WHERE s.id = held.id
RETURNING s.id, s.cell_id, s.run_id, s.position, s.take, s.epoch, s.stop_requested
