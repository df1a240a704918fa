-- $1 team that can use the model, $2 deployment. Newest first.
SELECT v.id, v.effective_from, lead(v.effective_from) OVER (ORDER BY v.effective_from) AS until,
       v.effective_from > clock_timestamp() AS "is_future!",
       v.source, v.source_url, v.source_date, v.note, v.confirmed_at,
       author.name AS "author?", confirmer.name AS "confirmer?"
  FROM price_versions AS v
  JOIN deployments AS d ON d.id = v.deployment_id
  JOIN models AS m ON m.id = d.model_id
  LEFT JOIN users AS author ON author.id = v.created_by
  LEFT JOIN users AS confirmer ON confirmer.id = v.confirmed_by
 WHERE v.deployment_id = $2 AND v.team_id IS NULL AND (m.team_id = $1 OR m.team_id IS NULL)
 ORDER BY v.effective_from DESC
 LIMIT 200
