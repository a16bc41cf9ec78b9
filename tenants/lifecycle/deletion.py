"""Deletion of a tenant with its schema, rows, messages and files; its name is quarantined."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tenancy.context import database_role, public_context, workspace_context
from tenancy.errors import SchemaBusyError
from tenancy.roles import MIGRATOR
from tenancy.schemas import drop_schema
from tenancy.stored_files import discard_files
from tenancy.tables import tenant_rows
from tenants.lifecycle.errors import TenantBusyError, TenantGoneError
from tenants.lifecycle.models import QuarantinedSubdomain
from tenants.lifecycle.signals import tenant_deleting
from tenants.organisations.models import Tenant

Condition = Callable[[], bool]


def delete_tenant(
    *, tenant: Tenant, quarantine: bool = True, only_if: Condition | None = None
) -> bool:
    """Delete a tenant: all of it in one transaction, its files after the commit.

    `only_if` is called within the transaction, before any change: when it returns false,
    nothing is deleted, and the result is false. Without `quarantine` the name is free at once. A
    process that dies after the commit leaves files, which `doctor` finds. Raises
    `TenantGoneError`, and `TenantBusyError` when another transaction uses the schema.
    """
    owner = database_role(MIGRATOR)
    with owner, public_context(), transaction.atomic(durable=True):
        if only_if and not only_if():
            return False
        locked = Tenant.objects.select_for_update().filter(pk=tenant.pk).first()
        if locked is None:
            raise TenantGoneError
        with workspace_context(locked):
            tenant_deleting.send(sender=Tenant, tenant=locked)
        try:
            _delete(locked)
        except SchemaBusyError as error:
            raise TenantBusyError from error
        if quarantine:
            until = timezone.now() + timedelta(days=settings.SUBDOMAIN_QUARANTINE_DAYS)
            QuarantinedSubdomain.objects.update_or_create(
                slug=locked.slug.lower(), defaults={"until": until}
            )
    return True


def _delete(tenant: Tenant) -> None:
    schema_name = tenant.schema_name
    drop_schema(schema_name=schema_name)
    for model in tenant_rows():
        # No manager of the model's: it may leave rows out.
        QuerySet(model).filter(schema_name=schema_name).delete()
    # The domains are deleted with it, and their hosts leave the cache.
    tenant.delete()
    transaction.on_commit(lambda: discard_files(schema_name=schema_name), robust=True)
