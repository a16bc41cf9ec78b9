"""Checks that the database's roles have the privileges that `tenancy.privileges` declares."""

from django_tenants.utils import get_public_schema_name

from tenancy import privileges
from tenancy.postgresql.search_path import role_name
from tenancy.postgresql.statements import rows
from tenancy.roles import all_roles

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


def role_faults() -> list[str]:
    """Return a sentence for each role that is missing or has too many privileges."""
    names = [role_name(privileges.login(), role) for role in all_roles()]
    if missing := _found(MISSING, names):
        return [f"The role {name} is missing, or the login is no member." for name in missing]
    public, declared = get_public_schema_name(), privileges.shared_tables()
    requests = [role_name(privileges.login(), role) for role in all_roles() if role.serves_requests]
    limited = [table for table, each in declared.items() if each.rows]
    return [
        *(
            f"The role {name} is above the rules: superuser, BYPASSRLS or CREATEROLE."
            for name in _found(MIGHTY, names)
        ),
        *(f"In {public}, {each}." for each in _found(READABLE, public, requests, list(declared))),
        *(
            f"The table {table} has no row-level security."
            for table in _found(OPEN, public, limited)
        ),
    ]


def _found(query: str, *parameters: str | list[str]) -> list[str]:
    return [name for (name,) in rows(query, parameters)]
