"""Signal receivers: profiles follow the users, files follow the profiles."""

from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver

from accounts.profiles import services
from accounts.profiles.models import Profile
from accounts.users.models import User
from accounts.users.signals import users_created


def open_profile(*, instance: User, created: bool, raw: bool, **_: Any) -> None:
    """Open the profile of a new user, in the transaction that saves the user.

    Connected in `AccountsConfig.ready()`. Fixtures (`raw`) bring their own profiles.
    """
    if created and not raw:
        services.open_profile(user=instance)


@receiver(users_created)
def open_profiles(*, users: list[User], **_: Any) -> None:
    """Open the profiles of users created in bulk."""
    services.open_profiles(users=users)


@receiver(post_delete, sender=Profile)
def discard_picture(*, instance: Profile, **_: Any) -> None:
    """Delete the picture of a deleted profile."""
    services.discard_picture(profile=instance)
