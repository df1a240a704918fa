SELECT v.id, v.deployment_id, v.model_id, v.team_id, v.effective_from
  FROM price_versions AS v
 WHERE NOT EXISTS (
       SELECT FROM price_versions AS later
        WHERE coalesce(later.deployment_id, later.model_id) = coalesce(v.deployment_id, v.model_id)
          AND later.team_id IS NOT DISTINCT FROM v.team_id
          AND later.effective_from > v.effective_from
          AND later.effective_from <= clock_timestamp())
 ORDER BY v.effective_from DESC
