-- $1 team, $2 actor, $3 start of the action, $4 part of the object, $5 from, $6 until, $7 and $8 after this row, $9 limit.
WITH page AS (
    SELECT a.id, a.at, a.actor, a.team_id, a.action, a.object, a.fields, a.address, a.request_id
      FROM audit_log a
     WHERE ($1::uuid IS NULL OR a.team_id = $1)
       AND ($2::text IS NULL OR a.actor = $2)
       AND ($3::text IS NULL OR starts_with(a.action, $3))
       AND ($4::text IS NULL OR strpos(lower(a.object), lower($4)) > 0)
       AND ($5::timestamptz IS NULL OR a.at >= $5)
       AND ($6::timestamptz IS NULL OR a.at < $6)
       AND ($7::timestamptz IS NULL OR (a.at, a.id) < ($7, $8::uuid))
     ORDER BY a.at DESC, a.id DESC
     LIMIT $9
)
SELECT p.id AS "id!", p.at AS "at!", p.actor AS "actor!", u.name AS "name?", u.email AS "email?", t.slug AS "team_slug?",
       p.action AS "action!", p.object AS "object!", p.fields AS "fields!", p.address, p.request_id
  FROM page p
  LEFT JOIN teams t ON t.id = p.team_id
  -- A person acts under their id; anybody else under a name that is no id.
  LEFT JOIN users u ON u.id = CASE WHEN p.actor ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN p.actor::uuid END
 ORDER BY p.at DESC, p.id DESC
