"""System checks: what the database must be like."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import Error, Tags, register
from django.db import connections


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
