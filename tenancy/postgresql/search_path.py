"""The context of a connection: a schema and a role, or none."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django_tenants.postgresql_backend.base import _check_schema_name
from django_tenants.utils import quote_schema_name

# Cached results per function, a few hundred bytes each: the same names recur in each query.
MOST_REMEMBERED = 2_000


# A search path and a database role, both quoted.
Context = tuple[str, str]


class ContextMissingError(RuntimeError):
    """A query was made without a tenant, and without `public_context()`.

    Not a `DatabaseError`: code that expects refusals of the database must not catch this one.
    """


class ContextUndoneError(RuntimeError):
    """A statement followed one in the same message that had undone its context."""


@dataclass(frozen=True)
class NoTenant:
    """Takes the tenant's place while there is none; `tenant_context` restores it."""

    schema_name: None = None


@lru_cache(MOST_REMEMBERED)
def search_path(schema_name: str, *, public_schema: str | None) -> str:
    """Return the search path, quoted: the schema, then public if given.

    Raises `ValidationError` on a name that could break out of its quotes.
    """
    names = dict.fromkeys(filter(None, (schema_name, public_schema)))
    for name in names:
        _check_schema_name(name)
    return ", ".join(quote_schema_name(name) for name in names)


@lru_cache(MOST_REMEMBERED)
def role_name(login: str, role: str) -> str:
    """Return the cluster's name of a role. Raises `ValidationError` on one that needs quotes."""
    name = f"{login}_{role}"
    _check_schema_name(name)
    return name


@lru_cache(MOST_REMEMBERED)
def context_statement(path: str, role: str, *, lasting: bool = False) -> str:
    """Return the statement that sets search path and role until the transaction ends.

    A `lasting` one sets them until the session ends.

    It fails when the schema doesn't exist: PostgreSQL skips missing schemas of a search path, and
    would read public's tables instead.
    """
    schema = path.partition(", ")[0]
    local = "false" if lasting else "true"
    return (
        f"SELECT pg_catalog.set_config('search_path', '{path}', {local}),"
        f" pg_catalog.set_config('role', '{role}', {local}),"
        f" '{schema}'::pg_catalog.regnamespace; "
    )


def with_context(statement: str, query: Any, connection: Any) -> Any:
    """Put `statement` in front of a query of any type that psycopg accepts."""
    if isinstance(query, bytes):
        return statement.encode() + query
    if isinstance(query, str):
        return statement + query
    return statement + query.as_string(connection)
