UPDATE virtual_keys
   SET name = $3, all_models = $4, models = $5, scopes = $6, expires_at = $7, networks = $8, tags = $9, task = $10,
       max_output = $11, store_content = $12, revision = revision + 1
 WHERE team_id = $1 AND id = $2
