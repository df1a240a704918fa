-- $1 team, $2 hours. Runs, drafts and sets of cases name the images they show, wherever in their JSON that is.
DELETE FROM images i
 WHERE i.team_id = $1 AND i.created_at < clock_timestamp() - make_interval(hours => $2)
   AND i.id::text NOT IN (
       SELECT shown.id #>> '{}'
         FROM (SELECT grid FROM runs WHERE team_id = $1
               UNION ALL SELECT grid FROM drafts WHERE team_id = $1
               UNION ALL SELECT cases FROM case_sets WHERE team_id = $1 AND archived_at IS NULL) AS kept (shape),
              jsonb_path_query(kept.shape, '$.**.images[*].id') AS shown (id))
