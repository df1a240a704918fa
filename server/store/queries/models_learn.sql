-- $1 owner (null: the instance), $2 model; null values change nothing.
UPDATE models
   SET context_window = coalesce($3, context_window), max_output = coalesce($4, max_output),
       capabilities = coalesce($5, capabilities), retires_on = coalesce($6, retires_on),
       revision = revision + 1
 WHERE id = $2 AND team_id IS NOT DISTINCT FROM $1
