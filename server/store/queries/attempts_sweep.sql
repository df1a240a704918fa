WITH late AS MATERIALIZED (
    SELECT a.id
      FROM attempts AS a
     WHERE a.state = 'reserved'
       AND (a.expires_at < clock_timestamp()
            OR a.admitted_at < clock_timestamp() - interval '30 seconds'
               AND NOT EXISTS (SELECT FROM replicas AS r
                                WHERE r.id = a.owner AND r.heartbeat_at > clock_timestamp() - interval '30 seconds'))
     ORDER BY a.id
     LIMIT 500
       FOR UPDATE SKIP LOCKED)
UPDATE attempts AS a
   SET state = 'uncertain',
       resolved_at = clock_timestamp(),
       outcome = 'abandoned',
       usage_source = 'none',
       charged_nano = a.reserved_nano,
       flags = CASE WHEN a.price_version_id IS NULL THEN ARRAY['unpriced'] ELSE '{}' END
  FROM late
 WHERE a.id = late.id
   AND a.state = 'reserved'
