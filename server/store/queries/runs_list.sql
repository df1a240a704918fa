-- $1 team, $2 part of the name or empty, $3 only open ones, $4 one person's only, $5 before this run, $6 limit.
SELECT r.id, r.name, r.models, r.created_at, r.finished_at IS NOT NULL AS "is_finished!", u.name AS starter, r.cost_nano,
       r.unpriced, coalesce(r.progress, run_progress(r.id)) AS "progress!"
  FROM runs r
  JOIN users u ON u.id = r.started_by
 WHERE r.team_id = $1
   AND ($2 = '' OR position(lower($2) IN lower(r.name)) > 0)
   AND (NOT $3::boolean OR r.finished_at IS NULL)
   AND ($4::uuid IS NULL OR r.started_by = $4)
   AND ($5::uuid IS NULL
        OR (r.created_at, r.id) < (SELECT b.created_at, b.id FROM runs b WHERE b.id = $5 AND b.team_id = $1))
 ORDER BY r.created_at DESC, r.id DESC
 LIMIT $6
