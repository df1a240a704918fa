SELECT r.id, r.created_at, r.finished_at IS NOT NULL AS "is_finished!", u.name AS starter,
       (SELECT left(k."user", 200) FROM cases k WHERE k.run_id = r.id ORDER BY k.position LIMIT 1) AS "prompt!",
       (SELECT array_agg(v.model ORDER BY v.position) FROM variants v WHERE v.run_id = r.id) AS "models!",
       -- Unknown is not zero: one call without a price makes the whole sum unknown.
       (SELECT CASE WHEN NOT bool_or((s.metrics ->> 'unpriced')::boolean) THEN sum((s.metrics ->> 'cost')::bigint)::bigint END
          FROM cells c JOIN samples s ON s.cell_id = c.id
         WHERE c.run_id = r.id) AS cost
  FROM runs r
  JOIN users u ON u.id = r.started_by
 WHERE r.team_id = $1
 ORDER BY r.created_at DESC, r.id DESC
 LIMIT $2
