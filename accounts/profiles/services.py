"""Profiles, edited by their users. Receivers open them with each user."""

from typing import Any

from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.db import transaction

from accounts.profiles.models import Profile
from accounts.users.models import User
from tenancy.errors import ForeignFileError


@transaction.atomic
def complete(*, user: User) -> None:
    """Add the profile and the unconfirmed address that a user lacks. Idempotent."""
    Profile.objects.get_or_create(user=user)
    addresses = EmailAddress.objects.filter(user=user)
    if not addresses.exists():
        EmailAddress.objects.create(user=user, email=user.email, primary=True)


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
