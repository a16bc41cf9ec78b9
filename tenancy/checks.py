"""System checks of the database and of the shared tables' privileges."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import FileField, Model

from tenancy import privileges
from tenancy.context import public_context
from tenancy.files import TenantFileField
from tenancy.inspection import role_faults
from tenancy.rate_limits import RateLimit, declared_limits
from tenancy.registry import duplicates
from tenancy.roles import all_roles
from tenancy.tables import shared_models, tenant_models


@register(Tags.database)
def roles_are_apart(*, databases: Sequence[str] | None = None, **_: Any) -> list[Error]:
    """Report database roles that are missing or have too many privileges."""
    if DEFAULT_DB_ALIAS not in (databases or []):
        return []
    with public_context():
        faults = role_faults()
    hint = "Run: manage.py setup_roles"
    return [Error(fault, hint=hint, id="tenancy.E002") for fault in faults]


@register()
def shared_models_are_declared(**_: Any) -> list[Error]:
    """Report models in the shared tables that don't declare the privileges of each role."""
    return [
        Error(
            f"{model.__name__} stands in the shared tables and has no `shared_table`.",
            hint="Declare its privileges and rows: tenancy.shared_tables.SharedTable.",
            obj=model,
            id="tenancy.E003",
        )
        for model in shared_models()
        if model._meta.db_table not in privileges.shared_tables()  # noqa: SLF001  # Documented by Django.
    ]


@register()
def declared_roles_are_defined(**_: Any) -> list[Error]:
    """Report a `shared_table` that names a role which no app defines."""
    return [
        Error(
            f"The `shared_table` of {table} names the role {role!r}, which no app defines.",
            hint="Define it in the app's module `roles`, or correct the name.",
            id="tenancy.E004",
        )
        for table, declared in privileges.shared_tables().items()
        for role in sorted({*declared.privileges, *declared.rows} - {*all_roles()})
    ]


@register()
def declarations_are_unique(**_: Any) -> list[Error]:
    """Report names that two declarations of one kind use."""
    return duplicates()


@register()
def limits_can_be_counted(**_: Any) -> list[Error]:
    """Report E006 for a declared limit with the name of ours, and E007 for an unreadable one."""
    found = []
    for each in declared_limits:
        if each.name in settings.LIMITS:
            text = f"The rate limit “{each.name}” has the name of one of the service's own."
            found.append(Error(text, hint="Use a name like “app.name”.", id="tenancy.E006"))
        if not _is_readable(each):
            text = f"The rate limit “{each.name}” can't be read: {each.limit!r}."
            hint = "Write it like “20/hour” or “5/10 minute”."
            found.append(Error(text, hint=hint, id="tenancy.E007"))
    return found


def _is_readable(limit: RateLimit) -> bool:
    try:
        return limit.item.amount > 0
    except ValueError:
        return False


@register(Tags.database)
def database_is_utf8(*, databases: Sequence[str] | None = None, **_: Any) -> list[Error]:
    """Report databases that aren't UTF-8: `lower()` would not fold every letter of a name."""
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
                    id="tenancy.E001",
                )
            )
    return found
