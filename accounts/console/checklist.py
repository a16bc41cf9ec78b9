"""The next steps of an administrator in a new workspace; each step marks itself as done."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Invitation, User
from accounts.permissions import is_verified


@dataclass(frozen=True)
class ChecklistItem:
    """A task, the page to do it on, and whether it is done."""

    title: str
    why: str
    url: str
    is_done: bool


def next_steps(user: User, *, people: int) -> list[ChecklistItem]:
    """Return one administrator's steps, done ones included, in the suggested order."""
    return [_verify(user), _profile(user), _preferences(user), _invite(people)]


def _verify(user: User) -> ChecklistItem:
    return ChecklistItem(
        _("Confirm your address"),
        _("Then you can invite people and change settings."),
        reverse("verify-email"),
        is_verified(user),
    )


def _profile(user: User) -> ChecklistItem:
    profile = user.profile
    return ChecklistItem(
        _("Complete your profile"),
        _("A phone number and an address, so that colleagues can reach you."),
        reverse("accounts:profile"),
        bool(profile.phone_number and profile.address_line_1),
    )


def _preferences(user: User) -> ChecklistItem:
    return ChecklistItem(
        _("Choose your language and time zone"),
        _("Pages and letters follow them. Dates are shown in UTC until then."),
        reverse("accounts:profile"),
        user.time_zone != "UTC",
    )


def _invite(people: int) -> ChecklistItem:
    return ChecklistItem(
        _("Invite colleagues"),
        _("Each gets a letter with a link, and an account of their own."),
        reverse("console:invite"),
        people > 1 or Invitation.objects.exists(),
    )
