-- $1 team that can use the model, $2 deployment, $3 version, $4 who confirms.
UPDATE price_versions AS v SET confirmed_at = clock_timestamp(), confirmed_by = $4
  FROM deployments AS d
  JOIN models AS m ON m.id = d.model_id
 WHERE v.id = $3 AND v.deployment_id = $2 AND v.confirmed_at IS NULL
   AND d.id = v.deployment_id AND (m.team_id = $1 OR m.team_id IS NULL)
