SELECT left_variant, right_variant,
       count(*) FILTER (WHERE preference = 'left') AS "lefts!",
       count(*) FILTER (WHERE preference = 'right') AS "rights!",
       count(*) FILTER (WHERE preference = 'tie') AS "ties!",
       count(*) FILTER (WHERE preference = 'both_bad') AS "both_bad!"
  FROM pair_votes
 WHERE team_id = $1 AND run_id = $2
 GROUP BY left_variant, right_variant
 ORDER BY left_variant, right_variant
