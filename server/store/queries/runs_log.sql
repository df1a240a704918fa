-- Nothing is written for a lease that another executor has taken over.
WITH written AS (
    INSERT INTO run_events (run_id, seq, cell_id, kind, payload)
    SELECT $1, $2, $3, $5, $6
     WHERE EXISTS (SELECT FROM cells WHERE id = $3 AND run_id = $1 AND epoch = $4 AND state = 'running')
    RETURNING run_id, seq)
SELECT written.seq FROM written, pg_notify('run', written.run_id || ':' || written.seq)
