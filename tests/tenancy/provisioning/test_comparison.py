"""The comparison finds each kind of difference, and none where there is none."""

import pytest

from tasks.roles import RELAY
from tenancy import privileges
from tenancy.context import database_role, public_context
from tenancy.provisioning.comparison import differences
from tenancy.roles import TENANT
from tenants.roles import SIGNUP

TENANT = privileges.named(TENANT)
RELAY = privileges.named(RELAY)
MISSHAPEN = {
    "ALTER TABLE auth_group ADD COLUMN note text": "column auth_group.note",
    "ALTER TABLE auth_group ALTER COLUMN name TYPE varchar(151)": "column auth_group.name differs",
    "ALTER TABLE auth_group ALTER COLUMN name SET DEFAULT 'x'": "column auth_group.name differs",
    "ALTER TABLE auth_group ALTER COLUMN name DROP NOT NULL": "column auth_group.name differs",
    "ALTER TABLE auth_group ALTER COLUMN name SET STORAGE PLAIN": "column auth_group.name differs",
    "ALTER TABLE auth_group ALTER COLUMN name SET STATISTICS 7": "column auth_group.name differs",
    "ALTER TABLE auth_group ALTER COLUMN name SET (n_distinct = 5)": (
        "column auth_group.name differs"
    ),
    'ALTER TABLE auth_group ALTER COLUMN name TYPE varchar(150) COLLATE "C"': (
        "column auth_group.name differs"
    ),
    "ALTER TABLE auth_group ALTER COLUMN id SET GENERATED ALWAYS": "column auth_group.id differs",
    "ALTER TABLE auth_group ALTER COLUMN id SET INCREMENT 2": "sequence auth_group_id_seq differs",
    "ALTER TABLE auth_group ALTER COLUMN id DROP IDENTITY": "sequence auth_group_id_seq",
    "SELECT setval('auth_permission_id_seq', 7)": "next value auth_permission_id_seq differs",
    "ALTER TABLE auth_group RENAME CONSTRAINT auth_group_name_key TO other": (
        "constraint auth_group.other"
    ),
    "ALTER TABLE auth_group ADD CHECK (name <> '')": "constraint auth_group.auth_group_name_check",
    "ALTER TABLE accounts_handoff DROP CONSTRAINT accounts_handoff_pkey": (
        "constraint accounts_handoff.accounts_handoff_pkey"
    ),
    "DROP INDEX user_by_name": "index accounts_user.user_by_name",
    "DROP INDEX user_by_name; CREATE INDEX user_by_name ON accounts_user (full_name, id)": (
        "index accounts_user.user_by_name differs"
    ),
    # The keys of this table's indexes are alike in their first 63 bytes.
    "DROP INDEX accounts_user_user_permissions_permission_id_113bb443": (
        "index accounts_user_user_permissions.accounts_user_user_permissions_permission_id_113bb443"
    ),
    "ALTER INDEX accounts_user_user_permissions_pkey RENAME TO other": (
        "index accounts_user_user_permissions.accounts_user_user_permissions_pkey"
    ),
    "DROP TABLE accounts_handoff": "relation accounts_handoff",
    "CREATE TABLE extra (id int)": "relation extra",
    "CREATE VIEW extra AS SELECT 1 AS one": "relation extra",
    "CREATE SEQUENCE extra": "sequence extra",
    "ALTER TABLE auth_group SET (fillfactor = 70)": "relation auth_group differs",
    "ALTER TABLE auth_group REPLICA IDENTITY FULL": "relation auth_group differs",
    "COMMENT ON TABLE auth_group IS 'mine'": "relation auth_group differs",
    "COMMENT ON INDEX user_by_name IS 'mine'": "index accounts_user.user_by_name differs",
    f"GRANT SELECT ON auth_group TO {RELAY}": "privileges auth_group differs",
    f"GRANT SELECT (name) ON auth_group TO {RELAY}": "privileges auth_group.name",
    f"REVOKE DELETE ON auth_group FROM {TENANT}": "privileges auth_group differs",
    f"GRANT INSERT ON django_migrations TO {TENANT}": "privileges django_migrations differs",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO " + RELAY: (
        "default privileges"
    ),
    f"GRANT USAGE ON SCHEMA {{schema}} TO {RELAY}": "schema differs",
    "ALTER TABLE auth_group ENABLE ROW LEVEL SECURITY": "relation auth_group differs",
    "CREATE POLICY mine ON auth_group USING (name = 'x')": "policy auth_group.mine",
    "CREATE RULE mine AS ON DELETE TO auth_group DO INSTEAD NOTHING": "rule auth_group.mine",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'": "function mine()",
    "CREATE TYPE mine AS ENUM ('a')": "type mine",
    "CREATE DOMAIN mine AS text": "type mine",
    "CREATE STATISTICS mine ON id, name FROM auth_group": "statistics mine",
    "CREATE TRIGGER mine BEFORE UPDATE ON auth_group FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()": "trigger auth_group.mine",
    "INSERT INTO auth_group (id, name) VALUES (1, 'mine')": "this row in auth_group",
    "DELETE FROM django_migrations WHERE name = '0001_initial' AND app = 'auth'": (
        "this row in django_migrations"
    ),
    "UPDATE auth_permission SET name = 'Other' WHERE id = 1": "this row in auth_permission",
}  # fmt: skip

# As PostgreSQL 15.20 does by itself: a number that differs from table to table.
MARK = """
    UPDATE pg_attribute SET attoptions = ARRAY['pg_attver=' || attrelid]
    WHERE attnum > 0 AND attrelid IN
        (SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = %s::regnamespace)
"""


def test_a_replayed_schema_is_like_a_migrated_one(replayed, migrated):
    with database_role(SIGNUP), public_context():
        assert differences(replayed, migrated) == []
        assert differences(migrated, replayed) == []


@pytest.mark.parametrize("statement", MISSHAPEN, ids=lambda each: each[:50])
def test_each_kind_of_difference_is_found(acme, globex, run_in, statement):
    here, there = acme.schema_name, globex.schema_name

    run_in(here, statement.replace("{schema}", here))

    with database_role(SIGNUP), public_context():
        found = differences(here, there)
    assert any(MISSHAPEN[statement] in sentence for sentence in found), found


def test_when_a_migration_ran_is_no_difference(replayed, another, run_in):
    run_in(replayed, "UPDATE django_migrations SET applied = now() - interval '1 year'")

    with database_role(SIGNUP), public_context():
        assert differences(replayed, another) == []


def test_postgresqls_own_mark_on_columns_is_no_difference(committed, acme, globex, aside):
    for tenant in (acme, globex):
        aside.execute(MARK, [tenant.schema_name])
    aside.commit()

    with database_role(SIGNUP), public_context():
        assert differences(acme.schema_name, globex.schema_name) == []


def test_what_people_write_is_no_difference_where_rows_are_left_out(replayed, another, run_in):
    run_in(replayed, "INSERT INTO auth_group (name) VALUES ('mine')")

    with database_role(SIGNUP), public_context():
        assert differences(replayed, another, rows=False) == []
        assert differences(replayed, another) != []
