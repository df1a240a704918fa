-- Only one executor holds the sample, so numbers cannot collide.
INSERT INTO sample_wires (sample_id, number, url, headers, body, status, answer, is_cut)
SELECT s.id, (SELECT count(*) FROM sample_wires w WHERE w.sample_id = s.id), $3, $4, $5, $6, $7, $8
  FROM samples s
 WHERE s.id = $1 AND s.epoch = $2 AND s.state = 'running'
