"""Closing a tenant for good: its schema, rows, letters and files go, and its name rests."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.services import discard_pictures
from tasks.models import Message
from tasks.roles import DatabaseRole
from tasks.workspace import acting_as, public_context
from tenants.errors import TenantGoneError
from tenants.models import DirectoryEntry, RestingName, Tenant
from tenants.schemas import drop_schema

Condition = Callable[[], bool]


def close_tenant(*, tenant: Tenant, rests: bool = True, only_if: Condition | None = None) -> bool:
    """Delete a tenant: all of it in one transaction, its files after the commit.

    `only_if` is asked within the transaction, before anything is touched: where it says no,
    nothing happens, and the answer is false. Without `rests` the name is free at once. A
    process that dies after the commit leaves files, which `doctor` finds. Raises
    `TenantGoneError`, and `TenantBusyError` when somebody is at work in the schema.
    """
    owner = acting_as(DatabaseRole.MIGRATOR)
    with owner, public_context(), transaction.atomic(durable=True):
        if only_if and not only_if():
            return False
        locked = Tenant.objects.select_for_update().filter(pk=tenant.pk).first()
        if locked is None:
            raise TenantGoneError
        _delete(locked)
        if rests:
            _let_rest(locked.slug)
    return True


def _delete(tenant: Tenant) -> None:
    schema_name = tenant.schema_name
    drop_schema(schema_name=schema_name)
    DirectoryEntry.objects.filter(schema_name=schema_name).delete()
    Message.objects.of_schema(schema_name).delete()
    # The domains go with it, and their hosts are forgotten.
    tenant.delete()
    transaction.on_commit(lambda: _discard_files(schema_name), robust=True)


def _discard_files(schema_name: str) -> None:
    discard_pictures(schema_name=schema_name)


def _let_rest(slug: str) -> None:
    until = timezone.now() + timedelta(days=settings.NAME_RESTS_DAYS)
    RestingName.objects.update_or_create(slug=slug.lower(), defaults={"until": until})
