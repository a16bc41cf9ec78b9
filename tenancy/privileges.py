"""The privileges of the database roles, and the rows that each may see.

The search path separates one tenant from another; privileges separate the tenants from the shared
tables, and each role from the tables that it doesn't need. Models of shared tables declare theirs
(`tenancy.shared_tables`). If an app has tables in tenants' schemas as well, only operators may use
its tables in public.
"""

from collections.abc import Iterable, Iterator

from django.conf import settings
from django_tenants.utils import get_public_schema_name, get_tenant_model

from tenancy.postgresql.search_path import role_name
from tenancy.roles import MIGRATOR, TENANT, DatabaseRole, all_roles, schema_creator
from tenancy.shared_tables import EVERYTHING, SharedTable
from tenancy.tables import MIGRATIONS, public_models, shared_models, tenant_rows

CONTENT_TYPES = "django_content_type"
SNAPSHOTS, POOL = "tenancy_schemasnapshot", "tenancy_pooledschema"


def shared_tables() -> dict[str, SharedTable]:
    """Return the declarations of the tables that exist in public alone, by table.

    Those of the engine and of Django are declared here, by what a role does: apps define the roles.
    """
    declared = {
        model._meta.db_table: model.shared_table  # noqa: SLF001  # Documented by Django.
        for model in shared_models()
        if hasattr(model, "shared_table") and not model._meta.proxy  # noqa: SLF001  # Documented by Django.
    }
    of_one_tenant = [TENANT, *(role for role in all_roles() if role.creates_schemas)]
    rows_of_tenants = {
        table: declared.get(table, _rows_of_tenants()).limited_to_own_rows(of_one_tenant)
        for table in {model._meta.db_table for model in tenant_rows()}  # noqa: SLF001  # Documented by Django.
    }
    others = [role for role in all_roles() if role != MIGRATOR]
    # Migrations of a new schema add and drop foreign keys of two tables to the content types.
    types: dict[str, str] = {
        role: "SELECT" + ", REFERENCES" * role.creates_schemas for role in others
    }
    reading = {str(role): "SELECT" for role in others if role.operates}
    creators = [str(role) for role in others if role.creates_schemas]
    return {
        **declared,
        **rows_of_tenants,
        # A sign-up that finds no snapshot creates it.
        SNAPSHOTS: SharedTable(
            dict.fromkeys(creators, "SELECT, INSERT, UPDATE (statements, filled_at)") | reading
        ),
        # It locks the row and deletes it: FOR UPDATE requires UPDATE on at least one column.
        POOL: SharedTable(
            dict.fromkeys(creators, "SELECT, INSERT, DELETE, UPDATE (created_at)") | reading
        ),
        CONTENT_TYPES: SharedTable(types),
        MIGRATIONS: SharedTable({str(role): "SELECT" for role in others}),
    }


def _rows_of_tenants() -> SharedTable:
    """Return the declaration of a `TenantRow` that has none."""
    reading = [role for role in all_roles() if role.operates or role.runs_tasks]
    creators = [role for role in all_roles() if role.creates_schemas]
    return SharedTable(
        {
            **dict.fromkeys(reading, "SELECT"),
            # What a sign-up writes for the tenant that it opens.
            **dict.fromkeys(creators, "SELECT, INSERT, UPDATE"),
            TENANT: EVERYTHING,
        }
    )


def login() -> str:
    """Return the service's login, which is a member of every role and has no other privileges."""
    return str(settings.DATABASES["default"]["USER"])


def named(role: DatabaseRole) -> str:
    """Return a role's name in this cluster, quoted."""
    return f'"{role_name(login(), role)}"'


def role_statements() -> Iterator[str]:
    """Yield the statements that create the roles, and make the login a member without inheritance.

    They have LOGIN because Citus' nodes require it, and no password, so no client logs in as one.
    """
    yield f'ALTER ROLE "{login()}" NOINHERIT NOSUPERUSER NOCREATEROLE NOBYPASSRLS'
    for role in all_roles():
        yield (
            f"DO $$ BEGIN CREATE ROLE {named(role)} LOGIN;"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
        yield (
            f"ALTER ROLE {named(role)} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE"
            " NOREPLICATION NOBYPASSRLS"
        )
        yield f'GRANT {named(role)} TO "{login()}"'
    # The migrator changes schemas that another role has created.
    for role in all_roles():
        if role.creates_schemas:
            yield f"GRANT {named(role)} TO {named(MIGRATOR)}"


def database_statements(database: str) -> Iterator[str]:
    """Yield what makes the migrator own a database and lets the login in. A copy needs it again."""
    yield f'ALTER DATABASE "{database}" OWNER TO {named(MIGRATOR)}'
    yield f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC'
    yield f'GRANT CONNECT ON DATABASE "{database}" TO "{login()}"'
    yield f'GRANT CREATE ON DATABASE "{database}" TO {named(schema_creator())}'


def schema_statements() -> Iterator[str]:
    """Yield the statements that make the migrator own public, and grant USAGE to every role."""
    public, roles = get_public_schema_name(), ", ".join(named(role) for role in all_roles())
    yield f"ALTER SCHEMA {public} OWNER TO {named(MIGRATOR)}"
    yield f"REVOKE ALL ON SCHEMA {public} FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA {public} TO {roles}"


def tenant_statements(schema_name: str, tables: Iterable[str] = ()) -> Iterator[str]:
    """Yield what lets the tenant role work in a schema, and only read `django_migrations`.

    Pass `tables` where they are known: to find all of one schema, PostgreSQL scans every schema's.
    """
    tenant = named(TENANT)
    everything = f'ALL TABLES IN SCHEMA "{schema_name}"'
    own = ", ".join(f'"{schema_name}"."{table}"' for table in tables)
    yield f'GRANT USAGE ON SCHEMA "{schema_name}" TO {tenant}'
    yield f"GRANT {EVERYTHING} ON {own or everything} TO {tenant}"
    yield f'REVOKE INSERT, UPDATE, DELETE ON "{schema_name}".{MIGRATIONS} FROM {tenant}'


def public_statements() -> Iterator[str]:
    """Yield what gives each role its declared privileges, and no others, on the shared tables."""
    for table in public_tables():
        yield from table_statements(table)


def public_tables() -> list[str]:
    """Return the tables of public: those of every installed model, and `django_migrations`."""
    return sorted({column.partition(".")[0] for column in public_columns()} | {MIGRATIONS})


def public_columns() -> set[str]:
    """Return the columns that installed models have in public, as `table.column`."""
    options = [model._meta for model in public_models()]  # noqa: SLF001  # Documented by Django.
    return {f"{each.db_table}.{field.column}" for each in options for field in each.concrete_fields}


def table_statements(table: str) -> Iterator[str]:
    """Yield what gives each role its declared privileges, and no others, on one shared table."""
    public = get_public_schema_name()
    where = f"{public}.{table}"
    others = ", ".join(named(role) for role in all_roles() if role != MIGRATOR)
    operators_own = SharedTable({role: EVERYTHING for role in all_roles() if role.operates})
    declared = shared_tables().get(table, operators_own)
    yield f"REVOKE ALL ON {where} FROM {others}"
    for role, privileges in declared.privileges.items():
        yield f"GRANT {privileges} ON {where} TO {named(_defined(role))}"
    if not declared.rows:
        return
    yield f"ALTER TABLE {where} ENABLE ROW LEVEL SECURITY"
    tenants = get_tenant_model()._meta.db_table  # noqa: SLF001  # Documented by Django.
    for role in declared.privileges:
        rows = declared.rows.get(role, "true")
        condition = (rows() if callable(rows) else rows).format(public=public, tenants=tenants)
        yield f"DROP POLICY IF EXISTS {role} ON {where}"
        yield (
            f"CREATE POLICY {role} ON {where} TO {named(_defined(role))}"
            f" USING ({condition}) WITH CHECK ({condition})"
        )


def _defined(name: str) -> DatabaseRole:
    return DatabaseRole.defined[name]
