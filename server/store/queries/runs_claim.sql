-- The queue is this table. An expired lease is claimable again; SKIP LOCKED lets executors pass each other.
WITH next AS (
    SELECT id, state
      FROM cells
     WHERE state = 'queued' OR state = 'running' AND lease_until < clock_timestamp()
     ORDER BY created_at, id
     LIMIT 1
       FOR UPDATE SKIP LOCKED)
UPDATE cells c
   SET state = 'running', epoch = c.epoch + 1, owner = $1, lease_until = clock_timestamp() + make_interval(secs => $2)
  FROM next, variants v, cases k, runs r
 WHERE c.id = next.id AND v.id = c.variant_id AND k.id = c.case_id AND r.id = c.run_id
RETURNING c.id AS cell, c.run_id AS run, c.epoch, next.state = 'running' AS "is_lost!", c.stop_requested,
          r.team_id AS team, r.started_by AS starter, v.model, v.system, v.max_output, v.temperature, k."user"
