"""Signal receivers: profiles follow the users."""

from typing import Any

from allauth.account.models import EmailAddress
from django.dispatch import receiver

from accounts.onboarding.emails import send_welcome
from accounts.profiles.models import Profile
from accounts.users.models import User
from accounts.users.signals import member_joined, users_created
from tasks import outbox
from tenancy.context import is_public


def open_profile(*, instance: User, created: bool, raw: bool, **_: Any) -> None:
    """Create a new user's profile and address, and inside a tenant enqueue the welcome.

    In the transaction that saves the user: all rows are written, or none. Connected in
    `AccountsConfig.ready()`. Fixtures (`raw`) bring their own profiles.
    """
    if raw or not created:
        return
    Profile.objects.create(user=instance)
    EmailAddress.objects.create(
        user=instance,
        email=instance.email,
        primary=True,
        verified=instance.opening.email_verified,
    )
    if is_public():
        return
    if instance.opening.welcome:
        key = f"welcome:{instance.pk}"
        outbox.enqueue(send_welcome, user_id=instance.pk, key=key, is_first=True)
    member_joined.send(sender=User, user=instance)


@receiver(users_created)
def open_profiles(*, users: list[User], **_: Any) -> None:
    """Open the profiles of users created in bulk."""
    for user in users:
        open_profile(instance=user, created=True, raw=False)
