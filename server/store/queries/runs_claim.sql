-- The queue is this table. An expired lease is claimable again; SKIP LOCKED lets executors pass each other.
WITH next AS (
    SELECT id, state
      FROM samples
     WHERE state IN ('queued', 'running') AND (state = 'queued' OR lease_until < clock_timestamp())
     ORDER BY due_at, id
     LIMIT 1
       FOR UPDATE SKIP LOCKED)
UPDATE samples s
   SET state = 'running', epoch = s.epoch + 1, owner = $1, lease_until = clock_timestamp() + make_interval(secs => $2)
  FROM next, cells c, runs r
 WHERE s.id = next.id AND c.id = s.cell_id AND r.id = s.run_id
RETURNING s.id AS sample, s.cell_id AS cell, s.run_id AS run, s.position, s.take, s.epoch,
          next.state = 'running' AS "is_lost!", s.stop_requested, r.team_id AS team, s.asked_by AS starter,
          c.variant, c."case", s.prior
