-- $1 owner of the model (null: the instance), $2 old name, $3 new name.
UPDATE virtual_keys AS k
   SET models = array_replace(models, $2, $3), revision = revision + 1
 WHERE NOT k.all_models AND $2 = ANY (k.models) AND k.revoked_at IS NULL
   AND ($1::uuid IS NULL OR k.team_id = $1)
   AND ($1::uuid IS NOT NULL
        OR NOT EXISTS (SELECT FROM models AS own
                        WHERE own.team_id = k.team_id AND own.name = $2 AND own.archived_at IS NULL))
