"""Signal receivers: a confirmed owner keeps the tenant."""

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models.signals import post_save
from django.dispatch import receiver

from accounts.users.models import User
from tenancy.context import is_public
from tenants.lifecycle import unverified


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
