"""Which workspaces an address belongs to, without storing the address."""

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction

from accounts.users.models import User
from tasks import addresses, outbox
from tasks.mail import EmailContent
from tenancy.context import current_schema, public_context
from tenancy.encryption import keyed_hash
from tenancy.key_rotation import in_batches
from tenants.directory.emails import send_workspaces
from tenants.directory.models import DirectoryEntry
from tenants.organisations.models import Tenant


def address_hash(email: str) -> str:
    """Return the keyed hash of a normalised address."""
    return keyed_hash(addresses.normalise(email), key=settings.DIRECTORY_KEY)


def list_people(users: Iterable[User]) -> None:
    """Enter users of the current schema, or update the hashes of their addresses."""
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
    """Enter all users of the current schema anew, and remove deleted ones. Return how many.

    Idempotent, and safe while users change: each batch locks its rows, so that a concurrent
    change of address is entered afterwards.
    """
    listed = DirectoryEntry.objects.filter(schema_name=current_schema())
    # Read first: a user listed now and not found below was deleted.
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
    """Remove entries of schemas that belong to no tenant. Return how many."""
    open_or_not = Tenant.objects.values("schema_name")
    count, _by_model = DirectoryEntry.objects.exclude(schema_name__in=open_or_not).delete()
    return count


def tenants_of(email: str) -> list[Tenant]:
    """Return the open tenants in which an address signs in, by name, with their hosts.

    One query for any number: response times don't reveal which addresses are known.
    """
    schemas = DirectoryEntry.objects.schemas_of(address_hash(email))
    found = Tenant.objects.open().filter(schema_name__in=schemas).with_primary_domain()
    tenants = list(found.order_by("name"))
    for tenant in tenants:
        tenant.primary_host = tenant.primary_domain or tenant.host
    return tenants


def answer_find(*, email: str, language: str) -> None:
    """Send an e-mail to an address, with the workspaces it signs in to.

    An unknown address costs the same and gets an e-mail as well, so that the page
    doesn't reveal which addresses are known.
    """
    with public_context(), transaction.atomic():
        workspaces = [{"name": t.name, "url": t.origin} for t in tenants_of(email)]
        content = EmailContent(
            "workspaces",
            to=addresses.normalise(email),
            language=language,
            context={"workspaces": workspaces},
        )
        outbox.enqueue(send_workspaces, payload=content.as_payload())
