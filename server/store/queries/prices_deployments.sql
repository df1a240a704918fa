-- Every deployment of the instance with the price in force, for an import.
SELECT d.id, d.model_id, m.team_id AS "team_id?", t.slug AS "team_slug?", m.name, m.aliases, d.upstream_model,
       p.slug AS provider_slug, p.kind AS provider_kind, p.preset, p.base_url,
       m.context_window, m.max_output, m.capabilities, m.retires_on, v.id AS "version_id?"
  FROM deployments AS d
  JOIN models AS m ON m.id = d.model_id
  JOIN providers AS p ON p.id = d.provider_id
  LEFT JOIN teams AS t ON t.id = m.team_id
  LEFT JOIN LATERAL (
       SELECT id FROM price_versions
        WHERE deployment_id = d.id AND team_id IS NULL AND effective_from <= clock_timestamp()
        ORDER BY effective_from DESC LIMIT 1
  ) AS v ON true
 WHERE m.archived_at IS NULL AND p.archived_at IS NULL
 ORDER BY m.name, d.id
