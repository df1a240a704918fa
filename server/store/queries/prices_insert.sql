INSERT INTO price_versions (id, deployment_id, model_id, team_id, effective_from, source, created_by)
VALUES ($1, $2, $3, $4, coalesce($5::timestamptz, clock_timestamp()), $6, $7)
