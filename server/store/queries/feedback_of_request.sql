SELECT f.source, f.source_id, coalesce(u.name, k.name, '') AS "by!", f.at, f.outcome, f.edit_distance, f.rating, f.comment, f.tags
  FROM feedback f
  LEFT JOIN users u ON f.source = 'user' AND u.id = f.source_id
  LEFT JOIN virtual_keys k ON f.source = 'key' AND k.id = f.source_id
 WHERE f.team_id = $1 AND f.request_id = $2 AND f.is_current
 ORDER BY f.at DESC, f.id DESC
