-- Ends a cell whose writer still holds it, with the text its log adds up to.
WITH ended AS (
    UPDATE cells
       SET state = $4, owner = NULL, lease_until = NULL
     WHERE id = $2 AND run_id = $1 AND epoch = $3 AND state IN ('queued', 'running')
    RETURNING id)
INSERT INTO samples (id, cell_id, position, request_id, text, error, metrics)
SELECT $5, ended.id, 0, $6,
       coalesce((SELECT string_agg(e.payload ->> 'text', '' ORDER BY e.seq)
                   FROM run_events e
                  WHERE e.run_id = $1 AND e.cell_id = ended.id AND e.kind = 'cell.delta'), ''),
       $7, $8
  FROM ended
