-- Comments on tables.
SELECT relname, obj_description(oid, 'pg_class') FROM pg_class
WHERE relnamespace = %(schema)s::regnamespace AND relkind = 'r'
AND obj_description(oid, 'pg_class') IS NOT NULL
