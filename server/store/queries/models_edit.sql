-- $1 owner (null: the instance), $2 model, $9 its deployment.
WITH served AS (
    UPDATE deployments SET upstream_model = $10 WHERE id = $9 AND model_id = $2
)
UPDATE models
   SET name = $3, aliases = $4, context_window = $5, max_output = $6, capabilities = $7, retires_on = $8,
       revision = revision + 1
 WHERE id = $2 AND team_id IS NOT DISTINCT FROM $1
