-- $1 owner (null: the instance), $2 provider.
WITH gone AS (
    UPDATE providers SET archived_at = clock_timestamp(), revision = revision + 1
     WHERE id = $2 AND team_id IS NOT DISTINCT FROM $1 AND archived_at IS NULL
     RETURNING id
), forgotten AS (
    UPDATE deployments AS d SET credential_id = NULL FROM gone WHERE d.provider_id = gone.id
), burnt AS (
    DELETE FROM credentials AS c USING gone WHERE c.provider_id = gone.id
)
UPDATE models AS m SET archived_at = clock_timestamp(), revision = revision + 1
  FROM gone
 WHERE m.archived_at IS NULL
   AND EXISTS (SELECT FROM deployments AS d WHERE d.model_id = m.id AND d.provider_id = gone.id)
   AND NOT EXISTS (SELECT FROM deployments AS d JOIN providers AS p ON p.id = d.provider_id
                    WHERE d.model_id = m.id AND d.provider_id <> gone.id AND p.archived_at IS NULL)
