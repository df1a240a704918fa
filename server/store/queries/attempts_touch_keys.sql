UPDATE virtual_keys
   SET last_used_at = clock_timestamp()
 WHERE id = ANY ($1::uuid[])
   AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')
