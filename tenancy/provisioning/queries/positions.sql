-- Where the identities of a schema go on.
SELECT 'next value', relname, pg_sequence_last_value(oid)::text
FROM pg_class WHERE relnamespace = %(schema)s::regnamespace AND relkind = 'S'
