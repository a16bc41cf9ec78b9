"""System checks: the conditions for opening profiles."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register
from django.db.models.signals import post_save


@register()
def receiver_is_connected(**_: Any) -> list[Error]:
    """Report an error if no receiver opens profiles: users would be created without one."""
    from django.contrib.auth import get_user_model

    from accounts.profiles.receivers import open_profile

    receivers, *_rest = post_save._live_receivers(get_user_model())  # noqa: SLF001  # There is no public list.
    if open_profile in receivers:
        return []
    return [
        Error(
            f"No receiver opens profiles for {settings.AUTH_USER_MODEL}.",
            hint="Connect accounts.profiles.receivers.open_profile in AccountsConfig.ready().",
            id="accounts.E001",
        )
    ]
