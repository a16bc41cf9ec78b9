"""Signal receivers: the directory follows the users, the host cache follows the rows."""

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from accounts.models import User
from accounts.signals import users_created
from tenancy.context import is_public
from tenants import directory, hosts, unverified
from tenants.models import Domain, Tenant


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def list_person(
    *, instance: User, raw: bool, update_fields: frozenset[str] | None, **_: Any
) -> None:
    """Update the directory in the transaction that saves the address."""
    may_have_moved = update_fields is None or "email" in update_fields
    if may_have_moved and not raw and not is_public():
        directory.list_people([instance])


@receiver(users_created)
def list_people(*, users: list[User], **_: Any) -> None:
    """The same for users created in bulk."""
    if not is_public():
        directory.list_people(users)


@receiver(post_delete, sender=settings.AUTH_USER_MODEL)
def unlist_person(*, instance: User, **_: Any) -> None:
    """Remove a deleted user from the directory."""
    if not is_public():
        directory.unlist(instance)


@receiver(post_save, sender=EmailAddress)
def verify_tenant(*, instance: EmailAddress, raw: bool, **_: Any) -> None:
    """Mark the tenant as verified when an owner has confirmed an address."""
    if instance.verified and not raw and not is_public() and instance.user.is_owner:
        unverified.mark_verified()


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def verify_tenant_of(
    *, instance: User, created: bool, update_fields: frozenset[str] | None, raw: bool, **_: Any
) -> None:
    """The same for an existing user made an owner with a confirmed address.

    A new user has no address yet: saving the address sends its own signal.
    """
    may_be_new = not created and (update_fields is None or "role" in update_fields)
    if instance.is_owner and may_be_new and not raw and not is_public() and instance.is_verified:
        unverified.mark_verified()


@receiver([post_save, post_delete], sender=Domain)
def forget_host(*, instance: Domain, **_: Any) -> None:
    """Invalidate the cached host after the commit."""
    host = instance.domain
    transaction.on_commit(lambda: hosts.forget(host), robust=True)


@receiver([post_save, post_delete], sender=Tenant)
def forget_hosts(*, instance: Tenant, created: bool = False, **_: Any) -> None:
    """The same for each host of a changed tenant. A new tenant has none yet."""
    if created:
        return
    found = [domain.domain for domain in instance.domains.all()] if instance.pk else []
    transaction.on_commit(lambda: hosts.forget(*found), robust=True)
