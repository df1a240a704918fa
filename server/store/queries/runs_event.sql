WITH written AS (
    INSERT INTO run_events (run_id, seq, cell_id, sample_id, kind, payload)
    VALUES ($1, $2, $3, $4, $5, $6)
    RETURNING run_id, seq)
SELECT written.seq FROM written, pg_notify('run', written.run_id || ':' || written.seq)
