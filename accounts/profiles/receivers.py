"""Signal receivers: profiles follow the users."""

from typing import Any

from django.dispatch import receiver

from accounts.profiles import services
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
