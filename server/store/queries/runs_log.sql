-- Nothing is written for a lease that another executor has taken over.
WITH written AS (
    INSERT INTO run_events (run_id, seq, cell_id, sample_id, kind, payload)
    SELECT $1, $2, $3, $4, $6, $7
     WHERE EXISTS (SELECT FROM samples WHERE id = $4 AND run_id = $1 AND epoch = $5 AND state = 'running')
    RETURNING run_id, seq)
SELECT written.seq FROM written, pg_notify('run', written.run_id || ':' || written.seq)
