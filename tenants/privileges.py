"""Who may touch what: the database roles, their privileges, and the rows they may see.

The search path separates one tenant from another; these separate the tenants from the shared
tables, and everybody from what they have no business with. A table that nobody listed here
is the operators' alone.
"""

from collections.abc import Iterable, Iterator

from django.apps import apps
from django.conf import settings
from django_tenants.utils import get_public_schema_name

from tasks.roles import DatabaseRole
from tenants.models import Tenant
from tenants.postgresql.context import role_name

EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"
Role = DatabaseRole
# What changes when an owner confirms an address, or is told to.
_VERIFYING = "verified_at, closes_at, opened_from"
# What a schema has had is said by whoever makes or migrates it, in the same transaction.
_OPERATED = ", ".join(
    field.column
    for field in Tenant._meta.concrete_fields  # noqa: SLF001  # Django documents it so.
    if field.column != "revision"
)
# Of the tables that stand in public alone. Columns may stand behind a privilege.
SHARED_TABLES: dict[str, dict[DatabaseRole, str]] = {
    "tenants_tenant": {
        Role.TENANT: f"SELECT, UPDATE (name, language, {_VERIFYING})",
        Role.VISITOR: "SELECT",
        Role.SIGNUP: f"SELECT, INSERT, UPDATE ({_VERIFYING})",
        Role.RELAY: "SELECT",
        Role.OPERATOR: f"SELECT, INSERT, DELETE, UPDATE ({_OPERATED})",
    },
    "tenants_domain": {
        Role.TENANT: "SELECT",
        Role.VISITOR: "SELECT",
        # A domain that is saved takes its place as the primary one.
        Role.SIGNUP: "SELECT, INSERT, UPDATE (is_primary)",
        Role.RELAY: "SELECT",
        Role.OPERATOR: EVERYTHING,
    },
    "tenants_restingname": {
        Role.VISITOR: "SELECT",
        Role.SIGNUP: "SELECT",
        Role.OPERATOR: EVERYTHING,
    },
    "tenants_directoryentry": {
        Role.TENANT: EVERYTHING,
        Role.VISITOR: "SELECT",
        Role.SIGNUP: "SELECT, INSERT, UPDATE",
        Role.OPERATOR: EVERYTHING,
    },
    "tasks_message": {
        Role.TENANT: EVERYTHING,
        # Operators' own letters stand in public, too: a visitor leaves one and reads none.
        Role.VISITOR: "INSERT",
        Role.SIGNUP: "SELECT, INSERT, UPDATE",
        Role.RELAY: EVERYTHING,
        Role.OPERATOR: EVERYTHING,
    },
    # Whoever opens a tenant and finds no script makes it.
    "tenants_schemascript": {
        Role.SIGNUP: "SELECT, INSERT, UPDATE (statements, filled_at)",
        Role.OPERATOR: "SELECT",
    },
    # Who takes a spare locks its row and deletes it: a lock wants the right to update something.
    "tenants_spareschema": {
        Role.SIGNUP: "SELECT, INSERT, DELETE, UPDATE (created_at)",
        Role.OPERATOR: "SELECT",
    },
    # Where migrations make a schema they tie two of its tables to it, and take that off again.
    "django_content_type": {
        Role.TENANT: "SELECT",
        Role.VISITOR: "SELECT",
        Role.SIGNUP: "SELECT, REFERENCES",
        Role.RELAY: "SELECT",
        Role.OPERATOR: "SELECT",
    },
    "django_migrations": {role: "SELECT" for role in Role if role != Role.MIGRATOR},
}
# In public `current_schema()` is nobody's; and so it is where a tenant's schema is gone, as a
# schema that doesn't exist is no part of the search path.
_HERE = "(SELECT current_schema()::text)"
_OWN = f"schema_name = {_HERE} AND {_HERE} <> '{{public}}'"
_OWN_TENANT = "tenant_id IN (SELECT id FROM {public}.tenants_tenant WHERE " + _OWN + ")"  # noqa: S608  # nosec B608  # No value stands in it.
# Which rows a role may see and write; a role that isn't named sees all of them.
ROWS: dict[str, dict[DatabaseRole, str]] = {
    "tenants_tenant": {Role.TENANT: _OWN},
    "tenants_domain": {Role.TENANT: _OWN_TENANT},
    "tenants_directoryentry": {Role.TENANT: _OWN, Role.SIGNUP: _OWN},
    "tasks_message": {
        Role.TENANT: _OWN,
        Role.SIGNUP: _OWN,
        # The one letter that a visitor asks for: the answer of /find/.
        Role.VISITOR: "schema_name = '{public}' AND kind = 'workspaces'",
    },
}


def login() -> str:
    """Return the service's own login, which is a member of every role and may do nothing else."""
    return str(settings.DATABASES["default"]["USER"])


def named(role: DatabaseRole) -> str:
    """Return a role's name in this cluster, quoted."""
    return f'"{role_name(login(), role)}"'


def role_statements() -> Iterator[str]:
    """Make the roles, and the login a member of each that has none of their rights by itself.

    They can log in as far as their attributes go, since Citus' nodes want that; without a
    password nobody does.
    """
    yield f'ALTER ROLE "{login()}" NOINHERIT NOSUPERUSER NOCREATEROLE NOBYPASSRLS'
    for role in Role:
        yield (
            f"DO $$ BEGIN CREATE ROLE {named(role)} LOGIN;"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
        yield (
            f"ALTER ROLE {named(role)} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE"
            " NOREPLICATION NOBYPASSRLS"
        )
        yield f'GRANT {named(role)} TO "{login()}"'
    # The migrator changes what a sign-up has made.
    yield f"GRANT {named(Role.SIGNUP)} TO {named(Role.MIGRATOR)}"


def database_statements(database: str) -> Iterator[str]:
    """Give a database to the migrator, and let the login in. A copy of it needs them anew."""
    yield f'ALTER DATABASE "{database}" OWNER TO {named(Role.MIGRATOR)}'
    yield f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC'
    yield f'GRANT CONNECT ON DATABASE "{database}" TO "{login()}"'
    yield f'GRANT CREATE ON DATABASE "{database}" TO {named(Role.SIGNUP)}'


def schema_statements() -> Iterator[str]:
    """Give the shared schema to the migrator, and let every role look into it."""
    public, everybody = get_public_schema_name(), ", ".join(named(role) for role in Role)
    yield f"ALTER SCHEMA {public} OWNER TO {named(Role.MIGRATOR)}"
    yield f"REVOKE ALL ON SCHEMA {public} FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA {public} TO {everybody}"


def tenant_statements(schema_name: str, tables: Iterable[str] = ()) -> Iterator[str]:
    """Let a tenant's people work in their schema, and not say which migrations it has.

    To find all of its tables PostgreSQL looks at everybody's: name them where they are known.
    """
    tenant = named(Role.TENANT)
    everything = f'ALL TABLES IN SCHEMA "{schema_name}"'
    own = ", ".join(f'"{schema_name}"."{table}"' for table in tables)
    yield f'GRANT USAGE ON SCHEMA "{schema_name}" TO {tenant}'
    yield f"GRANT {EVERYTHING} ON {own or everything} TO {tenant}"
    yield f'REVOKE INSERT, UPDATE, DELETE ON "{schema_name}".django_migrations FROM {tenant}'


def public_statements() -> Iterator[str]:
    """Give each role what stands above, and nothing else, on the shared tables."""
    for table in public_tables():
        yield from table_statements(table)


def public_tables() -> list[str]:
    """Return the tables of public: every installed model's, and the migrations'."""
    return sorted({column.partition(".")[0] for column in public_columns()} | {"django_migrations"})


def public_columns() -> set[str]:
    """Return the columns that installed models have in public, as `table.column`."""
    models = apps.get_models(include_auto_created=True)
    shared = {
        config.label for config in apps.get_app_configs() if config.name in settings.SHARED_APPS
    }
    options = [model._meta for model in models]  # noqa: SLF001  # Django documents it so.
    own = [each for each in options if each.app_label in shared]
    return {f"{each.db_table}.{field.column}" for each in own for field in each.concrete_fields}


def table_statements(table: str) -> Iterator[str]:
    """Give each role what stands above on one of the shared tables."""
    public = get_public_schema_name()
    where = f"{public}.{table}"
    others = ", ".join(named(role) for role in Role if role != Role.MIGRATOR)
    yield f"REVOKE ALL ON {where} FROM {others}"
    for role, privileges in SHARED_TABLES.get(table, {Role.OPERATOR: EVERYTHING}).items():
        yield f"GRANT {privileges} ON {where} TO {named(role)}"
    if table in ROWS:
        yield f"ALTER TABLE {where} ENABLE ROW LEVEL SECURITY"
        yield from _policies(table, where, public)


def _policies(table: str, where: str, public: str) -> Iterable[str]:
    for role in SHARED_TABLES[table]:
        condition = ROWS[table].get(role, "true").format(public=public)
        yield f"DROP POLICY IF EXISTS {role} ON {where}"
        yield (
            f"CREATE POLICY {role} ON {where} TO {named(role)}"
            f" USING ({condition}) WITH CHECK ({condition})"
        )
