-- $1 team: its own providers and those of the whole instance, each with its newest credential.
SELECT p.id, p.team_id, p.slug, p.kind, p.base_url, p.preset, p.created_at, p.revision,
       c.id AS "credential_id?", c.team_id AS "credential_team?", c.sealed AS "sealed?", c.last_four AS "last_four?",
       (SELECT count(DISTINCT d.model_id)
          FROM deployments d JOIN models m ON m.id = d.model_id
         WHERE d.provider_id = p.id AND m.archived_at IS NULL AND (m.team_id = $1 OR m.team_id IS NULL)) AS "models!"
  FROM providers p
  LEFT JOIN LATERAL (
       SELECT id, team_id, sealed, last_four FROM credentials WHERE provider_id = p.id ORDER BY created_at DESC, id DESC LIMIT 1
  ) c ON true
 WHERE (p.team_id = $1 OR p.team_id IS NULL) AND p.archived_at IS NULL
 ORDER BY p.slug
