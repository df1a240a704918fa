SELECT id, state::text AS "state!", reserved_nano, charged_nano
  FROM attempts
 WHERE id = ANY ($1::uuid[])
 ORDER BY id
   FOR UPDATE
