"""Which workspaces an address belongs to, without keeping the address."""

import hashlib
import hmac
from collections.abc import Iterable

from django.conf import settings

from accounts.models import User
from accounts.names import normalise_email
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


def tenants_of(email: str) -> list[Tenant]:
    """Return the open tenants in which an address signs in, by name."""
    schemas = DirectoryEntry.objects.schemas_of(address_hash(email))
    return list(Tenant.objects.open().filter(schema_name__in=schemas).order_by("name"))
