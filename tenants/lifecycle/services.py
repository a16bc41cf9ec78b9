"""What operators do to a tenant: suspend, resume, mark as canary."""

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from tenancy.context import public_context, workspace_context
from tenants.lifecycle.errors import TenantStateError
from tenants.lifecycle.signals import tenant_resumed, tenant_suspended
from tenants.organisations.models import Tenant
from tenants.roles import OPERATOR


def suspend(*, tenant: Tenant) -> None:
    """Close a tenant's hosts to all users, until it is resumed. Raises `TenantStateError`."""
    _change_status(tenant, Tenant.Status.ACTIVE, Tenant.Status.SUSPENDED, tenant_suspended)


def resume(*, tenant: Tenant) -> None:
    """Open a suspended tenant's hosts again. Raises `TenantStateError`."""
    _change_status(tenant, Tenant.Status.SUSPENDED, Tenant.Status.ACTIVE, tenant_resumed)


def mark_as_canary(*, tenant: Tenant) -> None:
    """Have a tenant's schema migrated among the first. Raises `TenantStateError`."""
    _mark(tenant, is_canary=True)


def unmark_as_canary(*, tenant: Tenant) -> None:
    """Have a tenant's schema migrated with the others again. Raises `TenantStateError`."""
    _mark(tenant, is_canary=False)


def _change_status(tenant: Tenant, before: str, after: str, signal: Signal) -> None:
    with public_context(OPERATOR), transaction.atomic():
        locked = Tenant.objects.select_for_update().get(pk=tenant.pk)
        if locked.status != before:
            raise TenantStateError(name=locked.name, state=locked.get_status_display())
        locked.status = tenant.status = after
        locked.suspended_at = timezone.now() if after == Tenant.Status.SUSPENDED else None
        locked.save(update_fields=["status", "suspended_at"])
        with workspace_context(locked):
            signal.send(sender=Tenant, tenant=locked)


def _mark(tenant: Tenant, *, is_canary: bool) -> None:
    with public_context(OPERATOR), transaction.atomic():
        locked = Tenant.objects.select_for_update().get(pk=tenant.pk)
        if locked.is_canary == is_canary:
            state = _("a canary") if is_canary else _("no canary")
            raise TenantStateError(name=locked.name, state=str(state))
        locked.is_canary = tenant.is_canary = is_canary
        locked.save(update_fields=["is_canary"])
