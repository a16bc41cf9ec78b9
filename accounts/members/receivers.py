"""Signal receivers: the deletion of a member is announced."""

from typing import Any

from django.conf import settings
from django.db.models.signals import post_delete
from django.dispatch import receiver

from accounts.users.models import User
from accounts.users.signals import member_removed
from tenancy.context import is_public


@receiver(post_delete, sender=settings.AUTH_USER_MODEL)
def announce_removal(*, instance: User, **_: Any) -> None:
    """Send `member_removed` for a tenant's user."""
    if not is_public():
        member_removed.send(sender=User, user=instance)
