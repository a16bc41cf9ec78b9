"""What somebody who is new to a workspace does next; each step ticks itself off."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Invitation, User
from accounts.permissions import is_verified


@dataclass(frozen=True)
class Step:
    """Something to do, where to do it, and whether it is done."""

    title: str
    why: str
    url: str
    is_done: bool


def next_steps(user: User, *, people: int) -> list[Step]:
    """Return the steps of one administrator, done ones included, in a sensible order."""
    return [_verify(user), _profile(user), _preferences(user), _invite(people)]


def _verify(user: User) -> Step:
    return Step(
        _("Confirm your address"),
        _("Then you can invite people and change settings."),
        reverse("verify-email"),
        is_verified(user),
    )


def _profile(user: User) -> Step:
    profile = user.profile
    return Step(
        _("Complete your profile"),
        _("A phone number and an address, so that colleagues can reach you."),
        reverse("accounts:profile"),
        bool(profile.phone_number and profile.address_line_1),
    )


def _preferences(user: User) -> Step:
    return Step(
        _("Choose your language and time zone"),
        _("Pages and letters follow them. Dates are shown in UTC until then."),
        reverse("accounts:profile"),
        user.time_zone != "UTC",
    )


def _invite(people: int) -> Step:
    return Step(
        _("Invite colleagues"),
        _("Each gets a letter with a link, and an account of their own."),
        reverse("console:invite"),
        people > 1 or Invitation.objects.exists(),
    )
