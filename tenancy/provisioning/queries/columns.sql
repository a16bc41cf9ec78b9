-- The columns of a schema's tables, with the sequence behind an identity and where it is.
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END,
       a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity::text,
       a.attgenerated::text, s.relname, pg_sequence_last_value(s.oid),
       col_description(c.oid, a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN pg_depend i ON i.refclassid = 'pg_class'::regclass AND i.refobjid = c.oid
     AND i.refobjsubid = a.attnum AND i.deptype = 'i' AND i.classid = 'pg_class'::regclass
LEFT JOIN pg_class s ON s.oid = i.objid AND s.relkind = 'S'
WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r'
AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum
