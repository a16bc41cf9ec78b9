"""Which workspaces an address belongs to, without keeping the address."""

import hashlib
import hmac
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.names import normalise_email
from tasks.rotation import in_batches
from tasks.workspace import current_schema
from tenants.models import DirectoryEntry, Tenant


def address_hash(email: str) -> str:
    """Return the keyed hash of a normalised address (HMAC-SHA-256, RFC 2104)."""
    key = settings.DIRECTORY_KEY.encode()
    return hmac.new(key, normalise_email(email).encode(), hashlib.sha256).hexdigest()


def list_people(users: Iterable[User]) -> None:
    """Enter users of the current schema, or the addresses they have now."""
    schema_name = current_schema()
    entries = [
        DirectoryEntry(
            schema_name=schema_name, user_id=user.pk, address_hash=address_hash(user.email)
        )
        for user in users
    ]
    DirectoryEntry.objects.bulk_create(
        entries,
        update_conflicts=True,
        unique_fields=["schema_name", "user_id"],
        update_fields=["address_hash"],
    )


def unlist(user: User) -> None:
    """Remove a user of the current schema."""
    DirectoryEntry.objects.filter(schema_name=current_schema(), user_id=user.pk).delete()


def relist() -> int:
    """Enter everybody in the current schema anew, and forget who is gone. Count the people.

    May be run twice, and while people come and go: each batch holds their rows, so that an
    address that changes meanwhile is entered after this.
    """
    listed = DirectoryEntry.objects.filter(schema_name=current_schema())
    # Read first: whoever is listed now and not found below has left.
    gone = set(listed.values_list("user_id", flat=True))
    people = 0
    for batch in in_batches(User.objects.only("pk")):
        with transaction.atomic():
            users = list(User.objects.select_for_update().filter(pk__in=[u.pk for u in batch]))
            list_people(users)
        people += len(users)
        gone.difference_update(user.pk for user in users)
    listed.filter(user_id__in=gone).delete()
    return people


def unlist_closed() -> int:
    """Forget entries of schemas that belong to no tenant. Count them."""
    open_or_not = Tenant.objects.values("schema_name")
    count, _by_model = DirectoryEntry.objects.exclude(schema_name__in=open_or_not).delete()
    return count


def tenants_of(email: str) -> list[Tenant]:
    """Return the open tenants in which an address signs in, by name, with their hosts.

    All in one question, however many there are: time tells nobody who is known.
    """
    schemas = DirectoryEntry.objects.schemas_of(address_hash(email))
    found = Tenant.objects.open().filter(schema_name__in=schemas).with_primary_domain()
    tenants = list(found.order_by("name"))
    for tenant in tenants:
        tenant.primary_host = tenant.primary_domain or tenant.host
    return tenants
