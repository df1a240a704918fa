INSERT INTO feedback (id, team_id, request_id, admitted_at, model, prompt_version_id, task, source, source_id, outcome,
                      edit_distance, rating, comment, tags)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
