-- $1 run, whose row the caller holds, $2 one cell or null for all, $3 metrics of nothing. Each end is an event of the log.
WITH ended AS (
    UPDATE samples
       SET state = 'stopped', stop_requested = true, metrics = $3
     WHERE run_id = $1 AND state = 'queued' AND ($2::uuid IS NULL OR cell_id = $2)
    RETURNING id, cell_id, position)
, numbered AS (
    SELECT ended.*, row_number() OVER (ORDER BY cell_id, position) AS nr, count(*) OVER () AS of_all FROM ended)
, counted AS (
    UPDATE runs SET seq = seq + (SELECT count(*) FROM ended) WHERE id = $1 RETURNING seq)
INSERT INTO run_events (run_id, seq, cell_id, sample_id, kind, payload)
SELECT $1, counted.seq - n.of_all + n.nr, n.cell_id, n.id, 'cell.stopped',
       jsonb_build_object('type', 'cell.stopped', 'cell', n.cell_id, 'sample', n.position, 'metrics', $3::jsonb)
  FROM numbered n, counted
