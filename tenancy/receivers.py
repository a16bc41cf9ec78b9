"""Receivers that update privileges and the schema snapshot after migrations."""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django_tenants.signals import schema_migrated
from django_tenants.utils import get_public_schema_name

from tenancy import privileges
from tenancy.context import current_schema, is_public
from tenancy.postgresql.statements import execute
from tenancy.provisioning import snapshots


@receiver(post_migrate)
def grant_privileges(*, sender: AppConfig, **_: Any) -> None:
    """Grant the roles their privileges on a schema after its tables have changed."""
    if sender.name != "tenancy":
        return
    if not is_public():
        _grant(privileges.tenant_statements(current_schema()))
        return
    # One transaction per table: none is visible without its privileges, or waits for the others.
    for table in privileges.public_tables():
        _grant(privileges.table_statements(table))


def _grant(statements: Iterable[str]) -> None:
    with transaction.atomic():
        execute(statements)


@receiver(schema_migrated)
def make_script(*, schema_name: str, **_: Any) -> None:
    """Make the release's snapshot once public is migrated, before a sign-up needs it."""
    if schema_name == get_public_schema_name():
        snapshots.deploy()
