-- $1 team, $2 run, $3 rows. One statement is one snapshot: text, states and cursor belong together. What runs shows what its
-- log says; what waits, what it goes on from.
SELECT t.slug AS team, r.name, u.name AS starter, r.started_by, r.created_at, r.grid, r.seq,
       r.finished_at IS NOT NULL AS "is_finished!", r.cost_nano, r.unpriced,
       coalesce(r.progress, run_progress(r.id)) AS "progress!",
       coalesce((SELECT json_agg(json_build_object('id', c.id, 'variant', c.variant, 'case', c."case", 'samples',
              coalesce((SELECT json_agg(json_build_object(
                         'position', s.position, 'take', s.take, 'state', s.state, 'error', s.error, 'metrics', s.metrics,
                         'calls', CASE WHEN s.state = 'running' THEN '[]'::jsonb ELSE s.calls END,
                         'tools', CASE WHEN s.state = 'running' THEN
                             (SELECT json_agg(e.payload -> 'call' ORDER BY e.seq) FROM run_events e
                               WHERE e.sample_id = s.id AND e.kind = 'cell.tool') END,
                         'text', CASE WHEN s.state = 'running' THEN
                             (SELECT string_agg(e.payload ->> 'text', '' ORDER BY e.seq) FROM run_events e
                               WHERE e.sample_id = s.id AND e.kind = 'cell.delta') ELSE s.text END)
                         ORDER BY s.position)
                          FROM samples s WHERE s.cell_id = c.id AND s.is_current), '[]'))
              ORDER BY c."case", c.variant)
          FROM cells c WHERE c.run_id = r.id AND c."case" < $3), '[]') AS "cells!"
  FROM runs r
  JOIN teams t ON t.id = r.team_id
  JOIN users u ON u.id = r.started_by
 WHERE r.team_id = $1 AND r.id = $2
