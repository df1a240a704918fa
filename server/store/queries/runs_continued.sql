-- $1 new take, $2 turn, $3 calls. Until it has begun it shows what the take before it showed.
UPDATE samples n
   SET prior = $2, text = o.text, calls = CASE WHEN $3 = '[]'::jsonb THEN o.calls ELSE $3 END
  FROM samples o
 WHERE n.id = $1 AND o.cell_id = n.cell_id AND o.position = n.position AND o.take = n.take - 1
