-- $1 team, $2 `model`, `prompt`, `task` or `team`, $3 from, $4 before.
SELECT coalesce(CASE $2 WHEN 'model' THEN model WHEN 'prompt' THEN prompt_version_id::text WHEN 'task' THEN task END, '') AS "of!",
       count(*) FILTER (WHERE is_newest AND outcome = 'accepted') AS "accepted!",
       count(*) FILTER (WHERE is_newest AND outcome = 'edited') AS "edited!",
       count(*) FILTER (WHERE is_newest AND outcome = 'rejected') AS "rejected!",
       count(rating) AS "ratings!",
       coalesce(sum(rating), 0)::bigint AS "rating_sum!",
       coalesce(sum(rating::bigint * rating), 0)::bigint AS "rating_squares!",
       count(edit_distance) AS "distances!",
       percentile_disc(0.5) WITHIN GROUP (ORDER BY edit_distance) AS distance_median
  FROM feedback
 WHERE team_id = $1 AND is_current AND admitted_at >= $3 AND admitted_at < $4
 GROUP BY 1
HAVING count(*) FILTER (WHERE is_newest) + count(rating) + count(edit_distance) > 0
 ORDER BY count(*) DESC, 1
