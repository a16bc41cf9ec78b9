-- The tables of a schema.
SELECT relname FROM pg_class
WHERE relnamespace = %(schema)s::regnamespace AND relkind = 'r' ORDER BY 1
