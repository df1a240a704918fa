-- $1 new takes. One that failed with every tool answered goes on from there, instead of asking all of them again.
UPDATE samples n
   SET prior = o.prior
  FROM samples o
 WHERE n.id = ANY ($1) AND o.cell_id = n.cell_id AND o.position = n.position AND o.take = n.take - 1
   AND jsonb_array_length(o.prior) > 0 AND jsonb_array_length(o.prior -> -1 -> 'calls') > 0
   AND NOT EXISTS (SELECT FROM jsonb_array_elements(o.prior -> -1 -> 'calls') AS call
                    WHERE coalesce(call -> 'result', 'null') = 'null')
