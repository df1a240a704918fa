SELECT d.id, d.model_id, d.provider_id, p.slug AS provider_slug, p.kind AS provider_kind, p.base_url, p.preset, d.upstream_model,
       c.id AS "credential_id?", c.team_id AS "credential_team_id?", c.sealed AS "sealed?"
  FROM deployments AS d
  JOIN providers AS p ON p.id = d.provider_id
  LEFT JOIN credentials AS c ON c.id = d.credential_id
 WHERE p.archived_at IS NULL
 ORDER BY d.id
