-- Constraints, with the table of the same schema that one refers to.
SELECT c.relname, k.conname, pg_get_constraintdef(k.oid),
       CASE WHEN r.relnamespace = c.relnamespace THEN r.relname END
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_class r ON r.oid = k.confrelid
WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r'
ORDER BY c.relname, position(k.contype::text IN 'npucf'), k.conname
