-- $1 team, $2 from, $3 before. A pair is the same whichever of its models stood left.
SELECT least(left_model, right_model) AS "left_model!", greatest(left_model, right_model) AS "right_model!",
       count(*) FILTER (WHERE preference = CASE WHEN left_model < right_model THEN 'left' ELSE 'right' END) AS "lefts!",
       count(*) FILTER (WHERE preference = CASE WHEN left_model < right_model THEN 'right' ELSE 'left' END) AS "rights!",
       count(*) FILTER (WHERE preference = 'tie') AS "ties!",
       count(*) FILTER (WHERE preference = 'both_bad') AS "both_bad!"
  FROM pair_votes
 WHERE team_id = $1 AND at >= $2 AND at < $3 AND blind AND left_model <> right_model
 GROUP BY 1, 2
 ORDER BY 1, 2
