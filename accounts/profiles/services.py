"""Profiles: opened along with each user, and edited by the user."""

from typing import Any

from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.db import transaction

from accounts.onboarding.emails import send_welcome
from accounts.profiles.models import Profile
from accounts.users.models import User
from accounts.users.signals import member_joined
from tasks import outbox
from tenancy.context import is_public
from tenancy.errors import ForeignFileError


def open_profile(*, user: User) -> Profile:
    """Create a new user's profile and address, and inside a tenant enqueue the welcome.

    Runs in the transaction that saves the user: all rows are written, or none.
    """
    profile = Profile.objects.create(user=user)
    EmailAddress.objects.create(
        user=user, email=user.email, primary=True, verified=user.opening.email_verified
    )
    if is_public():
        return profile
    if user.opening.welcome:
        outbox.enqueue(send_welcome, user_id=user.pk, key=f"welcome:{user.pk}", is_first=True)
    member_joined.send(sender=User, user=user)
    return profile


@transaction.atomic
def complete(*, user: User) -> None:
    """Add the profile and the unconfirmed address that a user lacks. Idempotent."""
    Profile.objects.get_or_create(user=user)
    addresses = EmailAddress.objects.filter(user=user)
    if not addresses.exists():
        EmailAddress.objects.create(user=user, email=user.email, primary=True)


def open_profiles(*, users: list[User]) -> None:
    """Open the profiles of users created in bulk."""
    for user in users:
        open_profile(user=user)


@transaction.atomic
def change_profile(*, user: User, person: dict[str, Any], details: dict[str, Any]) -> None:
    """Save a user's own data: fields of the user, and of the profile."""
    _save(user, person)
    _save(user.profile, details, "updated_at")


def _save(row: User | Profile, changes: dict[str, Any], *stamps: str) -> None:
    """Write these fields only: the others may have changed since the page was read."""
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=[*changes, *stamps])


@transaction.atomic
def change_picture(*, user: User, picture: "ContentFile[bytes] | None") -> None:
    """Replace the picture with a re-encoded one; remove it with None.

    The old file is deleted after the commit.
    """
    profile = Profile.objects.select_for_update().get(pk=user.pk)
    profile.picture.delete(save=False)
    profile.picture = picture or ""
    profile.save(update_fields=["picture", "updated_at"])


def open_picture(*, profile: Profile) -> Any:
    """Return a picture's open file; None where there is none, or only another tenant's."""
    try:
        return profile.picture.open().file
    except (ValueError, OSError, ForeignFileError):
        return None
