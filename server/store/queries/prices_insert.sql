-- $5 effective from (null: now), $11 confirmed by whoever adds it. Gives the moment that was stored.
INSERT INTO price_versions (id, deployment_id, model_id, team_id, effective_from, source, source_url, source_date, note,
                            created_by, confirmed_at, confirmed_by)
VALUES ($1, $2, $3, $4, coalesce($5::timestamptz, clock_timestamp()), $6, $7, $8, $9,
        $10, CASE WHEN $11::boolean THEN clock_timestamp() END, CASE WHEN $11::boolean THEN $10::uuid END)
