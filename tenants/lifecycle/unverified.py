"""Tenants without an owner's confirmed address: how many are allowed, and their deletion.

Any visitor can open one, so they must not accumulate: owners are notified, then they go.
"""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from accounts.users.models import Role, User
from tasks import outbox
from tasks.models import Message
from tenancy.context import current_schema, public_context, workspace_context
from tenancy.encryption import keyed_hash
from tenants.directory.models import DirectoryEntry
from tenants.directory.services import address_hash
from tenants.lifecycle.deletion import delete_tenant
from tenants.lifecycle.emails import send_deletion_notice
from tenants.lifecycle.errors import TooManyUnverifiedError
from tenants.organisations.models import Tenant


def origin_hash(network: str) -> str:
    """Return the keyed hash of the network that opened a tenant; empty for the command line."""
    return keyed_hash(f"from {network}", key=settings.DIRECTORY_KEY) if network else ""


def refuse_too_many(*, email: str, network: str) -> None:
    """Raise `TooManyUnverifiedError` when an e-mail address or a network has reached its limit.

    A stranger in another network can't use up a visitor's limit. The total for one
    e-mail address is limited as well, until its reader has confirmed it in any workspace.

    Rows are counted, so that no restart resets the count. Two concurrent calls may both pass: the
    limit bounds what accumulates, not what happens in a second.
    """
    if not settings.RATE_LIMITS:
        return
    origin = origin_hash(network)
    schemas = DirectoryEntry.objects.schemas_of(address_hash(email))
    # In one query, so that response times don't reveal which addresses are known.
    theirs = Tenant.objects.filter(schema_name__in=schemas).aggregate(
        here=Count("pk", filter=Q(verified_at=None, opened_from=origin)),
        unverified=Count("pk", filter=Q(verified_at=None)),
        verified=Count("verified_at"),
    )
    _refuse_past(settings.UNVERIFIED_HERE, theirs["here"])
    here = Tenant.objects.unverified().filter(opened_from=origin)
    _refuse_past(settings.UNVERIFIED_PER_NETWORK, here.count())
    # An address enters a verified tenant's directory only after its reader has read an e-mail.
    if not theirs["verified"]:
        _refuse_past(settings.UNVERIFIED_PER_ADDRESS, theirs["unverified"])


def _refuse_past(most: int, held: int) -> None:
    if held >= most:
        raise TooManyUnverifiedError(most)


def mark_verified() -> None:
    """Record that an owner of the current tenant has confirmed an address: the tenant stays.

    Runs in the transaction that confirms it. Idempotent.
    """
    schema_name = current_schema()
    marked = Tenant.objects.unverified().filter(schema_name=schema_name)
    if marked.update(verified_at=timezone.now(), deletion_due_at=None, opened_from=""):
        notices = Message.objects.of_schema(schema_name).filter(kind=send_deletion_notice.kind)
        outbox.cancel(messages=notices, reason="Confirmed")


def due(how_many: int) -> list[Tenant]:
    """Return tenants that are due for a notice or for deletion, in random order.

    In a fixed order, tenants that fail repeatedly would precede all others.
    """
    now = timezone.now()
    opened_before = now - timedelta(days=settings.UNVERIFIED_NOTICE_DAYS)
    return list(Tenant.objects.open().due_to_go(now, opened_before).order_by("?")[:how_many])


def review(*, tenant: Tenant) -> None:
    """Notify the owners of an unverified tenant when it ends, or delete it. Idempotent.

    The schema decides: a tenant with a verified owner, or without owners, stays.
    """
    if tenant.deletion_due_at is None:
        _tell(tenant)
    elif _may_go(tenant):
        # Only its owner has ever seen the name: it needs no quarantine.
        delete_tenant(tenant=tenant, quarantine=False, only_if=lambda: _may_go(tenant))


def _tell(tenant: Tenant) -> None:
    """Set the deadline, and enqueue the messages that name it, in one transaction."""
    days = settings.UNVERIFIED_DAYS - settings.UNVERIFIED_NOTICE_DAYS
    deletion_due_at = timezone.now() + timedelta(days=days)
    with workspace_context(tenant), transaction.atomic():
        if not _has_unverified_owners_only():
            return
        waiting = Tenant.objects.unverified().filter(pk=tenant.pk, deletion_due_at=None)
        is_first = waiting.update(deletion_due_at=deletion_due_at)
        for owner in User.objects.active().owners() if is_first else ():
            outbox.enqueue(
                send_deletion_notice,
                user_id=owner.pk,
                key=f"deletion-notice:{owner.pk}",
                deleted_at=deletion_due_at.isoformat(),
            )


def _may_go(tenant: Tenant) -> bool:
    """Query rows and schema; within a transaction, the answer holds until it ends."""
    now = timezone.now()
    with public_context():
        is_over = Tenant.objects.open().unverified().filter(pk=tenant.pk, deletion_due_at__lte=now)
        if not is_over.exists():
            return False
    with workspace_context(tenant):
        return _has_unverified_owners_only()


def _has_unverified_owners_only() -> bool:
    """Whether the current tenant has owners, and none of them has confirmed an address.

    Waits for a concurrent confirmation, and marks a verified tenant that was not marked yet.
    """
    addresses = EmailAddress.objects.filter(user__role=Role.OWNER)
    if transaction.get_connection().in_atomic_block:
        addresses = addresses.select_for_update(of=("self",))
    verified = [address.verified for address in addresses]
    if any(verified):
        mark_verified()
    return bool(verified) and not any(verified)
