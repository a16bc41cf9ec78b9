"""Stock django-tenants, by what its documentation shows."""

from typing import Any

from django.core.management import call_command
from django.db import connection

from bench.actions import schema_copy
from bench.stock.models import Client, Domain


def prepare() -> None:
    """Create the shared tables, and the public tenant, in an empty database."""
    call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
    public = Client.objects.create(schema_name="public", name="Public")
    Domain.objects.create(domain="localhost", tenant=public)


def create(number: int) -> None:
    """Save a tenant, which creates and migrates its schema, and its domain."""
    _go_public()
    tenant = Client(schema_name=_schema_name(number), name=f"Tenant {number}")
    tenant.save()
    Domain.objects.create(domain=f"bench-{number}.localhost", tenant=tenant)


def fill(first: int, count: int, *, by_copying: bool) -> None:
    """Create tenants, as copies of the first one's schema if `by_copying`."""
    _go_public()
    statements = schema_copy.copy_statements(_schema_name(0)) if by_copying and first else ""
    for number in range(first, first + count):
        if statements:
            _copy(statements, number)
        else:
            create(number)
            statements = schema_copy.copy_statements(_schema_name(0)) if by_copying else ""


def _copy(statements: str, number: int) -> None:
    _go_public()
    schema_copy.replay(statements, _schema_name(number))
    tenant = Client(schema_name=_schema_name(number), name=f"Tenant {number}")
    tenant.auto_create_schema = False
    tenant.save()
    Domain.objects.create(domain=f"bench-{number}.localhost", tenant=tenant)


def schemas() -> list[str]:
    """Return the tenants' schemas, the oldest first."""
    _go_public()
    found = Client.objects.exclude(schema_name="public").order_by("pk")
    return list(found.values_list("schema_name", flat=True))


def migrate(app: str | None = None, to: str | None = None) -> None:
    """Bring every tenant's schema to a migration, or to the newest ones."""
    _go_public()
    target = {"app_label": app, "migration_name": to} if app else {}
    call_command("migrate_schemas", tenant=True, interactive=False, verbosity=0, **target)


def _go_public() -> None:
    database: Any = connection
    database.set_schema_to_public()


def _schema_name(number: int) -> str:
    return f"t_bench_{number}"
