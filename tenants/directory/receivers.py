"""Signal receivers: the directory follows the users."""

from typing import Any

from django.conf import settings
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from accounts.users.models import User
from accounts.users.signals import users_created
from tenancy.context import is_public
from tenants.directory import services as directory


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
