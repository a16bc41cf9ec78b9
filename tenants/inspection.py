"""Whether the database keeps the roles apart, as `tenants.privileges` wants it."""

from collections.abc import Iterator

from django.db import connection
from django_tenants.utils import get_public_schema_name

from tasks.roles import DatabaseRole
from tenants import privileges
from tenants.postgresql.context import role_name

MISSING = """
    SELECT wanted FROM unnest(%s::text[]) AS wanted LEFT JOIN pg_roles ON rolname = wanted
    WHERE rolname IS NULL OR NOT pg_has_role(session_user, oid, 'MEMBER')
"""
MIGHTY = """
    SELECT rolname FROM pg_roles WHERE (rolname = session_user OR rolname = ANY(%s))
    AND (rolsuper OR rolbypassrls OR rolcreaterole)
"""
READABLE = """
    SELECT rolname || ' may use ' || relname
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace, pg_roles
    WHERE nspname = %s AND relkind IN ('r', 'p')
    AND (rolname = session_user OR (rolname = ANY(%s) AND NOT relname = ANY(%s)))
    AND has_table_privilege(pg_roles.oid, pg_class.oid, 'SELECT, INSERT, UPDATE, DELETE')
"""
OPEN = """
    SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = %s AND relname = ANY(%s) AND NOT relrowsecurity
"""
# They work on requests of people who are no operators.
REQUEST_ROLES = (DatabaseRole.TENANT, DatabaseRole.VISITOR, DatabaseRole.SIGNUP)


def role_faults() -> list[str]:
    """Return a sentence for each way in which roles are missing or may too much."""
    names = [role_name(privileges.login(), role) for role in DatabaseRole]
    if missing := _asked(MISSING, names):
        return [f"The role {name} is missing, or the login is no member." for name in missing]
    return list(_excesses(names))


def _excesses(names: list[str]) -> Iterator[str]:
    public, shared = get_public_schema_name(), list(privileges.SHARED_TABLES)
    requests = [role_name(privileges.login(), role) for role in REQUEST_ROLES]
    for name in _asked(MIGHTY, names):
        yield f"The role {name} is above the rules: superuser, BYPASSRLS or CREATEROLE."
    for found in _asked(READABLE, public, requests, shared):
        yield f"In {public}, {found}."
    for table in _asked(OPEN, public, list(privileges.ROWS)):
        yield f"The table {table} has no row-level security."


def _asked(query: str, *parameters: str | list[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [name for (name,) in cursor.fetchall()]
