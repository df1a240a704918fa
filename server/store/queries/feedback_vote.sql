-- $1 team, $2 run, $3 person, $4 row, $5 smaller and $6 larger column, $7 preference, $8 names were hidden. Models are what
-- the run's own grid names.
INSERT INTO pair_votes (team_id, run_id, user_id, "case", left_variant, right_variant, preference, blind, left_model, right_model)
SELECT r.team_id, r.id, $3, $4, $5, $6, $7, $8, r.grid #>> ARRAY['variants', ($5::integer)::text, 'model'],
       r.grid #>> ARRAY['variants', ($6::integer)::text, 'model']
  FROM runs r
 WHERE r.team_id = $1 AND r.id = $2
   AND (SELECT count(*) FROM cells c WHERE c.run_id = r.id AND c."case" = $4 AND c.variant IN ($5, $6)) = 2
    ON CONFLICT (run_id, "case", left_variant, right_variant, user_id)
    DO UPDATE SET preference = excluded.preference, blind = excluded.blind, at = clock_timestamp()
