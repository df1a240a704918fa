-- $1 run, $2 one cell or null for all. Rows are locked in the order of their ids, as renewing does.
WITH held AS (
    SELECT id FROM samples
     WHERE run_id = $1 AND state = 'running' AND ($2::uuid IS NULL OR cell_id = $2) ORDER BY id FOR UPDATE)
UPDATE samples s SET stop_requested = true FROM held WHERE s.id = held.id
