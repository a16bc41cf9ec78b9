-- What stands in a schema or hangs on its tables, and no script of ours can make.
SELECT pg_describe_object(d.classid, d.objid, 0)
FROM pg_depend d LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = %(schema)s::regnamespace
AND (c.oid IS NULL OR NOT (
    (c.relkind = 'r' AND c.relpersistence = 'p' AND NOT c.relispartition AND NOT c.relrowsecurity
     AND NOT c.relforcerowsecurity AND c.reloftype = 0)
    OR (c.relkind = 'S' AND EXISTS (
        SELECT FROM pg_depend i
        WHERE i.classid = 'pg_class'::regclass AND i.objid = c.oid AND i.deptype = 'i'))))
UNION ALL
SELECT pg_describe_object(classid, objid, 0) FROM (
    SELECT 'pg_trigger'::regclass, oid, tgrelid FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'pg_rewrite'::regclass, oid, ev_class FROM pg_rewrite
    UNION ALL SELECT 'pg_policy'::regclass, oid, polrelid FROM pg_policy
    UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxrelid FROM pg_statistic_ext
    UNION ALL SELECT 'pg_constraint'::regclass, oid, conrelid FROM pg_constraint
        WHERE contype NOT IN ('p', 'u', 'c', 'f', 'n')
    UNION ALL SELECT 'pg_class'::regclass, inhrelid, inhrelid FROM pg_inherits
) AS hanging (classid, objid, relation) JOIN pg_class c ON c.oid = relation
WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r'
ORDER BY 1
