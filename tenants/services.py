"""What can be done to a tenant once it is open."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.names import normalise_email
from tasks import outbox
from tasks.deliveries import send_letter
from tasks.mail import Letter
from tenancy.context import public_context, workspace_context
from tenants import directory, names
from tenants.errors import NameInvalidError, NameReservedError, TenantStateError
from tenants.models import Tenant
from tenants.roles import OPERATOR

ANSWER_EXPIRES_IN = timedelta(hours=24)


def suspend(*, tenant: Tenant) -> None:
    """Close a tenant's hosts to all users, until it is resumed. Raises `TenantStateError`."""
    _change_status(tenant, Tenant.Status.ACTIVE, Tenant.Status.SUSPENDED)


def resume(*, tenant: Tenant) -> None:
    """Open a suspended tenant's hosts again. Raises `TenantStateError`."""
    _change_status(tenant, Tenant.Status.SUSPENDED, Tenant.Status.ACTIVE)


def mark_as_canary(*, tenant: Tenant) -> None:
    """Have a tenant's schema migrated among the first. Raises `TenantStateError`."""
    _mark(tenant, is_canary=True)


def unmark_as_canary(*, tenant: Tenant) -> None:
    """Have a tenant's schema migrated with the others again. Raises `TenantStateError`."""
    _mark(tenant, is_canary=False)


def rename(*, tenant: Tenant, name: str, language: str) -> None:
    """Give a tenant another name and language. Its subdomain and schema stay."""
    with workspace_context(tenant):
        tenant.name, tenant.language = name, language
        tenant.save(update_fields=["name", "language"])


def answer_find(*, email: str, language: str) -> None:
    """Send an e-mail to an address, with the workspaces it signs in to.

    An unknown address costs the same and gets an e-mail as well, so that the page
    doesn't reveal which addresses are known.
    """
    with public_context(), transaction.atomic():
        workspaces = [{"name": t.name, "url": t.origin} for t in directory.tenants_of(email)]
        letter = Letter(
            "workspaces",
            to=normalise_email(email),
            language=language,
            context={"workspaces": workspaces},
        )
        outbox.enqueue(
            send_letter,
            kind="workspaces",
            payload=letter.as_payload(),
            expires_in=ANSWER_EXPIRES_IN,
        )


def _change_status(tenant: Tenant, before: str, after: str) -> None:
    with public_context(OPERATOR), transaction.atomic():
        locked = Tenant.objects.select_for_update().get(pk=tenant.pk)
        if locked.status != before:
            raise TenantStateError(name=locked.name, state=locked.get_status_display())
        locked.status = tenant.status = after
        locked.suspended_at = timezone.now() if after == Tenant.Status.SUSPENDED else None
        locked.save(update_fields=["status", "suspended_at"])


def _mark(tenant: Tenant, *, is_canary: bool) -> None:
    with public_context(OPERATOR), transaction.atomic():
        locked = Tenant.objects.select_for_update().get(pk=tenant.pk)
        if locked.is_canary == is_canary:
            state = _("a canary") if is_canary else _("no canary")
            raise TenantStateError(name=locked.name, state=str(state))
        locked.is_canary = tenant.is_canary = is_canary
        locked.save(update_fields=["is_canary"])


def sign_up_url(*, host: str) -> str:
    """Return the sign-up page for an unknown host's name; empty for a name that is refused."""
    slug = host.removesuffix(f".{settings.BASE_DOMAIN}")
    try:
        is_name = slug != host and names.parse(slug) == slug
    except (NameInvalidError, NameReservedError):
        is_name = False
    return f"{settings.BASE_ORIGIN}/signup/?subdomain={slug}" if is_name else ""
