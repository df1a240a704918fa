-- Ends a sample whose writer still holds it, with the text its log adds up to; one that never began keeps what it would have
-- gone on from. Hands back what search finds words in.
UPDATE samples s
   SET state = $4, owner = NULL, lease_until = NULL, error = $6, metrics = $7,
       prior = CASE WHEN begun.is_so OR $8 <> '[]'::jsonb THEN $8 ELSE s.prior END,
       calls = CASE WHEN begun.is_so OR $5 <> '[]'::jsonb THEN $5 ELSE s.calls END,
       text = coalesce((SELECT string_agg(e.payload ->> 'text', '' ORDER BY e.seq)
                          FROM run_events e
                         WHERE e.sample_id = s.id AND e.kind = 'cell.delta'),
                       CASE WHEN begun.is_so THEN '' ELSE s.text END)
  FROM (SELECT EXISTS (SELECT FROM run_events b WHERE b.sample_id = $2) AS is_so) AS begun
 WHERE s.id = $2 AND s.run_id = $1 AND s.epoch = $3 AND s.state IN ('queued', 'running')
RETURNING s.text, (SELECT left(w.body, 65536) FROM sample_wires w WHERE w.sample_id = s.id ORDER BY w.number LIMIT 1) AS asked
