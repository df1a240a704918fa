-- $1 team, $2 one person's only, $3 since, $4 at most so many. Each count has an index of its own.
SELECT (SELECT count(*) FROM (
            SELECT FROM attempts a
             WHERE a.team_id = $1 AND a.state = 'uncertain' AND a.admitted_at >= $3
               AND ($2::uuid IS NULL OR a.user_id = $2)
               AND NOT EXISTS (SELECT FROM retried x WHERE x.request_id = a.request_id AND x.attempt_no = a.attempt_no)
             LIMIT $4) AS found) AS "uncertain!",
       (SELECT count(*) FROM (
            SELECT FROM attempts a
             WHERE a.team_id = $1 AND 'unpriced' = ANY (a.flags) AND a.admitted_at >= $3
               AND ($2::uuid IS NULL OR a.user_id = $2)
               AND NOT EXISTS (SELECT FROM retried x WHERE x.request_id = a.request_id AND x.attempt_no = a.attempt_no)
             LIMIT $4) AS found) AS "unpriced!"
