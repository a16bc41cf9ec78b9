"""Tenants of which no owner has confirmed an address: how many one may have, and their end.

Anybody can open one, so they may not pile up: their owners are told, and then they go.
"""

import hashlib
import hmac
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Role, User
from tasks import outbox
from tasks.deliveries import send_closing_notice
from tasks.models import Message
from tasks.workspace import current_schema, public_context, workspace_context
from tenants.closing import close_tenant
from tenants.directory import address_hash
from tenants.errors import TooManyUnverifiedError
from tenants.models import DirectoryEntry, Tenant


def origin_hash(network: str) -> str:
    """Return the keyed hash of where a tenant was opened from; empty for our own command line."""
    key = settings.DIRECTORY_KEY.encode()
    return hmac.new(key, f"from {network}".encode(), hashlib.sha256).hexdigest() if network else ""


def refuse_too_many(*, email: str, network: str) -> None:
    """Raise `TooManyUnverifiedError` when an address, of mail or network, has its share.

    A stranger elsewhere can use up nobody's share. What all together may open in the name of one
    address is bounded as well, until its reader has proved it in any workspace.

    They are counted as rows, so that no restart forgets them. Two who ask at once may both
    pass: it bounds what piles up, not what happens in a second.
    """
    if not settings.RATE_LIMITS:
        return
    origin = origin_hash(network)
    schemas = DirectoryEntry.objects.schemas_of(address_hash(email))
    # All in one, so that the time it takes tells nobody who is known.
    theirs = Tenant.objects.filter(schema_name__in=schemas).aggregate(
        here=Count("pk", filter=Q(verified_at=None, opened_from=origin)),
        unverified=Count("pk", filter=Q(verified_at=None)),
        verified=Count("verified_at"),
    )
    _refuse_past(settings.UNVERIFIED_HERE, theirs["here"])
    here = Tenant.objects.unverified().filter(opened_from=origin)
    _refuse_past(settings.UNVERIFIED_PER_NETWORK, here.count())
    # Nobody gets into a verified tenant's directory without having read a letter.
    if not theirs["verified"]:
        _refuse_past(settings.UNVERIFIED_PER_ADDRESS, theirs["unverified"])


def _refuse_past(most: int, held: int) -> None:
    if held >= most:
        raise TooManyUnverifiedError(most)


def mark_verified() -> None:
    """Note that an owner of the current tenant has confirmed an address: it stays.

    In the transaction that confirms it. May be run twice.
    """
    schema_name = current_schema()
    marked = Tenant.objects.unverified().filter(schema_name=schema_name)
    if marked.update(verified_at=timezone.now(), closes_at=None, opened_from=""):
        notices = Message.objects.of_schema(schema_name).filter(kind=send_closing_notice.kind)
        outbox.call_off(messages=notices, reason="Confirmed")


def due(how_many: int) -> list[Tenant]:
    """Return tenants that wait for a notice or for their end, in no order.

    In an order, those that fail again and again would stand before all others.
    """
    now = timezone.now()
    opened_before = now - timedelta(days=settings.UNVERIFIED_NOTICE_DAYS)
    return list(Tenant.objects.open().due_to_go(now, opened_before).order_by("?")[:how_many])


def review(*, tenant: Tenant) -> None:
    """Tell the owners of an unverified tenant when it ends, or end it. May be run twice.

    What the schema says decides: a tenant with a verified owner, or with none, stays.
    """
    if _is_to_be_told(tenant):
        _tell(tenant)
    elif _may_go(tenant):
        # Nobody but its owner has ever seen the name: it needs no rest.
        close_tenant(tenant=tenant, rests=False, only_if=lambda: _may_go(tenant))


def _is_to_be_told(tenant: Tenant) -> bool:
    return tenant.closes_at is None


def _tell(tenant: Tenant) -> None:
    """Set the day, and enqueue the letters that name it, in one transaction."""
    days = settings.UNVERIFIED_DAYS - settings.UNVERIFIED_NOTICE_DAYS
    closes_at = timezone.now() + timedelta(days=days)
    with workspace_context(tenant), transaction.atomic():
        if not _has_unverified_owners_only():
            return
        waiting = Tenant.objects.unverified().filter(pk=tenant.pk, closes_at=None)
        is_first = waiting.update(closes_at=closes_at)
        for owner in _owners() if is_first else ():
            outbox.enqueue(
                send_closing_notice,
                user_id=owner.pk,
                key=f"closing-notice:{owner.pk}",
                closes_at=closes_at.isoformat(),
            )


def _may_go(tenant: Tenant) -> bool:
    """Ask rows and schema; within a transaction, what they say holds until it ends."""
    now = timezone.now()
    with public_context():
        is_over = Tenant.objects.open().unverified().filter(pk=tenant.pk, closes_at__lte=now)
        if not is_over.exists():
            return False
    with workspace_context(tenant):
        return _has_unverified_owners_only()


def _has_unverified_owners_only() -> bool:
    """Whether somebody owns the current tenant, and no owner has confirmed an address.

    Waits for whoever is confirming one, and marks a tenant of which nobody has told us.
    """
    addresses = EmailAddress.objects.filter(user__role=Role.OWNER)
    if transaction.get_connection().in_atomic_block:
        addresses = addresses.select_for_update(of=("self",))
    verified = [address.verified for address in addresses]
    if any(verified):
        mark_verified()
    return bool(verified) and not any(verified)


def _owners() -> list[User]:
    return list(User.objects.active().owners())
