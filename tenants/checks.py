"""System checks: what the database must be like."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import Error, Tags, register
from django.db import DEFAULT_DB_ALIAS, connections

from tasks.workspace import public_context
from tenants.inspection import role_faults


@register(Tags.database)
def roles_are_apart(*, databases: Sequence[str] | None = None, **_: Any) -> list[Error]:
    """Say which database roles are missing, or may more than they should."""
    if DEFAULT_DB_ALIAS not in (databases or []):
        return []
    with public_context():
        faults = role_faults()
    hint = "Run: manage.py setup_roles"
    return [Error(fault, hint=hint, id="tenants.E002") for fault in faults]


@register(Tags.database)
def database_is_utf8(*, databases: Sequence[str] | None = None, **_: Any) -> list[Error]:
    """Say when a database isn't UTF-8: `lower()` would not fold what people are called."""
    found = []
    for alias in databases or []:
        with connections[alias].temporary_connection() as cursor:
            encoding = cursor.connection.info.encoding
            server = cursor.connection.info.parameter_status("server_encoding")
        if server != "UTF8":
            found.append(
                Error(
                    f"The database {alias!r} is encoded in {server} (client: {encoding}).",
                    hint="Create it with --encoding=UTF8.",
                    id="tenants.E001",
                )
            )
    return found
