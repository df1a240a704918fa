WITH ours AS (
    SELECT c.oid, c.relname, c.relowner
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
)
SELECT current_setting('server_version_num')::integer AS "version!",
       clock_timestamp() AS "now!",
       coalesce((SELECT rolsuper FROM pg_roles WHERE rolname = current_user), false) AS "is_superuser!",
       coalesce((SELECT bool_and(pg_has_role(relowner, 'USAGE')) FROM ours), true) AS "owns_tables!",
       ARRAY(
           SELECT relname::text FROM ours
           WHERE NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT'))
           ORDER BY relname
       ) AS "out_of_reach!"
