-- Every detail that PostgreSQL's catalogue tells of a schema, as (kind, name, detail): each of them
-- text, as the first says. As `name`, which relnames are, they would be cut off at 63 bytes.
WITH here AS (SELECT * FROM pg_class WHERE relnamespace = %(schema)s::regnamespace)

-- A schema's own row, and the privileges on it.
SELECT 'schema', ''::text, concat_ws('; ', pg_get_userbyid(nspowner),
    ARRAY(SELECT x::text FROM unnest(coalesce(nspacl, acldefault('n', nspowner))) x ORDER BY 1),
    obj_description(oid, 'pg_namespace'))
FROM pg_namespace WHERE oid = %(schema)s::regnamespace
UNION ALL

-- Tables, views, sequences and whatever else is a relation; indexes stand below.
SELECT 'relation', c.relname, concat_ws('; ', 'kind ' || c.relkind::text,
    'persistence ' || c.relpersistence::text, 'method ' || coalesce(m.amname, ''),
    'row security ' || c.relrowsecurity || '/' || c.relforcerowsecurity,
    'identity ' || c.relreplident::text, 'partition ' || c.relispartition,
    'options ' || coalesce(c.reloptions::text, ''), 'tablespace ' || c.reltablespace,
    'type ' || c.reloftype::regtype::text, pg_get_userbyid(c.relowner),
    'comment ' || coalesce(obj_description(c.oid, 'pg_class'), ''),
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END)
FROM here c LEFT JOIN pg_am m ON m.oid = c.relam
WHERE c.relkind NOT IN ('i', 'I')
UNION ALL

-- Privileges: those that exist by default are spelled out here.
SELECT 'privileges', c.relname, ARRAY(
    SELECT x::text FROM unnest(coalesce(c.relacl, acldefault(
        CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, c.relowner))) x
    ORDER BY 1)::text
FROM here c WHERE c.relkind NOT IN ('i', 'I')
UNION ALL
SELECT 'privileges', c.relname || '.' || a.attname, a.attacl::text
FROM here c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
UNION ALL
SELECT 'default privileges', defaclobjtype::text || ' ' || pg_get_userbyid(defaclrole),
    defaclacl::text
FROM pg_default_acl WHERE defaclnamespace = %(schema)s::regnamespace
UNION ALL

-- Columns by their order, not by their numbers: one that was dropped leaves a gap. PostgreSQL 15.20
-- marks each with an option of its own, `pg_attver=` and a number that differs from table to table.
SELECT 'column', c.relname || '.' || a.attname, concat_ws('; ',
    'place ' || row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum),
    format_type(a.atttypid, a.atttypmod), 'collation ' || a.attcollation::regcollation::text,
    CASE WHEN a.attnotnull THEN 'not null' END,
    'default ' || coalesce(pg_get_expr(d.adbin, d.adrelid), 'none'),
    'identity ' || a.attidentity::text, 'generated ' || a.attgenerated::text,
    'storage ' || a.attstorage::text, 'compression ' || a.attcompression::text,
    'statistics ' || coalesce(nullif(a.attstattarget, -1)::text, ''),
    'options ' || ARRAY(SELECT x FROM unnest(a.attoptions) x
        WHERE NOT starts_with(x, 'pg_attver=') ORDER BY 1)::text, 'local ' || a.attislocal,
    'comment ' || coalesce(col_description(c.oid, a.attnum), ''))
FROM here c JOIN pg_attribute a ON a.attrelid = c.oid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind NOT IN ('i', 'I', 'S') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL

-- Constraints.
SELECT 'constraint', c.relname || '.' || k.conname, concat_ws('; ', k.contype::text,
    pg_get_constraintdef(k.oid), 'valid ' || k.convalidated,
    'deferrable ' || k.condeferrable || '/' || k.condeferred,
    'inherited ' || k.coninhcount || '/' || k.connoinherit,
    'comment ' || coalesce(obj_description(k.oid, 'pg_constraint'), ''))
FROM pg_constraint k JOIN here c ON c.oid = k.conrelid
UNION ALL

-- Indexes, those of constraints too.
SELECT 'index', c.relname || '.' || n.relname, concat_ws('; ',
    pg_get_indexdef(i.indexrelid), 'valid ' || i.indisvalid || '/' || i.indisready,
    'clustered ' || i.indisclustered, 'identity ' || i.indisreplident,
    'immediate ' || i.indimmediate, 'tablespace ' || n.reltablespace,
    'options ' || coalesce(n.reloptions::text, ''),
    (SELECT string_agg(coalesce(attstattarget::text, ''), ',' ORDER BY attnum)
     FROM pg_attribute WHERE attrelid = i.indexrelid),
    'comment ' || coalesce(obj_description(n.oid, 'pg_class'), ''))
FROM pg_index i JOIN here c ON c.oid = i.indrelid JOIN pg_class n ON n.oid = i.indexrelid
UNION ALL

-- Sequences.
SELECT 'sequence', c.relname, concat_ws('; ', s.seqtypid::regtype::text, s.seqstart,
    s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
    'of ' || coalesce(d.refobjid::regclass::text || '.' || a.attname, 'no table'), d.deptype::text)
FROM pg_sequence s JOIN here c ON c.oid = s.seqrelid
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
    AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
UNION ALL

-- Triggers. PostgreSQL's own behind a foreign key have numbers for names: by how they are switched.
SELECT 'trigger', c.relname || '.' || t.tgname,
    pg_get_triggerdef(t.oid) || '; enabled ' || t.tgenabled::text
FROM pg_trigger t JOIN here c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'keys switched off', c.relname, count(*)::text
FROM pg_trigger t JOIN here c ON c.oid = t.tgrelid
WHERE t.tgisinternal AND t.tgenabled <> 'O' GROUP BY c.relname
UNION ALL

-- Rules, policies, parents, extended statistics.
SELECT 'rule', c.relname || '.' || r.rulename, pg_get_ruledef(r.oid) || r.ev_enabled::text
FROM pg_rewrite r JOIN here c ON c.oid = r.ev_class
UNION ALL
SELECT 'policy', c.relname || '.' || p.polname, concat_ws('; ', 'for ' || p.polcmd::text,
    'permissive ' || p.polpermissive, p.polroles::regrole[]::text,
    'using ' || coalesce(pg_get_expr(p.polqual, p.polrelid), ''),
    'check ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), ''))
FROM pg_policy p JOIN here c ON c.oid = p.polrelid
UNION ALL
SELECT 'inheritance', c.relname, string_agg(h.inhparent::regclass::text, ' ')
FROM pg_inherits h JOIN here c ON c.oid = h.inhrelid
WHERE c.relkind NOT IN ('i', 'I') GROUP BY c.relname
UNION ALL
SELECT 'statistics', s.stxname, pg_get_statisticsobjdef(s.oid)
FROM pg_statistic_ext s JOIN here c ON c.oid = s.stxrelid
UNION ALL

-- Functions, types, operators and whatever else a schema can hold.
SELECT i.type, i.identity, concat_ws('; ',
    CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) END, p.proacl::text,
    (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum
     WHERE enumtypid = t.oid),
    format_type(nullif(t.typbasetype, 0), t.typtypmod), t.typdefault,
    (SELECT string_agg(conname || ' ' || pg_get_constraintdef(oid), ',' ORDER BY conname)
     FROM pg_constraint WHERE t.oid IS NOT NULL AND contypid = t.oid))
FROM pg_depend d CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = %(schema)s::regnamespace
AND d.classid <> 'pg_class'::regclass
