INSERT INTO virtual_keys (id, team_id, user_id, name, kind, public, digest, last_four, imported, created_by,
                          all_models, models, scopes, expires_at, networks, tags, task, max_output, store_content)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
