"""What this app adds to the console: panels of the first page, and the checklist's items."""

from django.utils.translation import gettext_lazy as _

from accounts.access.permissions import is_verified
from accounts.console.checklist import ChecklistItem, checklist
from accounts.console.overview import next_steps
from accounts.console.panels import Panel, panels
from accounts.invitations.models import Invitation
from accounts.members import panels as member_panels
from accounts.messages import panels as message_panels
from accounts.users.models import User


def has_completed_profile(user: User) -> bool:
    return bool(user.profile.phone_number and user.profile.address_line_1)


def has_chosen_time_zone(user: User) -> bool:
    return user.time_zone != "UTC"


def has_invited(user: User) -> bool:
    return User.objects.exclude(pk=user.pk).exists() or Invitation.objects.exists()


panels.register(
    Panel("accounts.counts", "console/_member_counts.html", member_panels.counts, 2, position=10),
    Panel("accounts.next_steps", "console/_next_steps.html", next_steps, 4, position=20),
    Panel(
        "accounts.joined", "console/_joined.html", member_panels.joined, 1, position=30,
        width="half",
    ),
    Panel(
        "accounts.deliveries", "console/_deliveries.html", message_panels.deliveries, 1,
        position=40, width="half",
    ),
    Panel("accounts.recent", "console/_recent.html", member_panels.recent, 1, position=50),
)  # fmt: skip

checklist.register(
    ChecklistItem(
        "accounts.verify",
        _("Confirm your address"),
        _("Then you can invite people and change settings."),
        "verify-email",
        is_verified,
        position=10,
    ),
    ChecklistItem(
        "accounts.profile",
        _("Complete your profile"),
        _("A phone number and an address, so that colleagues can reach you."),
        "accounts:profile",
        has_completed_profile,
        position=20,
    ),
    ChecklistItem(
        "accounts.preferences",
        _("Choose your language and time zone"),
        _("Pages and e-mails follow them. Dates are shown in UTC until then."),
        "accounts:profile",
        has_chosen_time_zone,
        position=30,
    ),
    ChecklistItem(
        "accounts.invite",
        _("Invite colleagues"),
        _("Each gets an e-mail with a link, and an account of their own."),
        "console:invite",
        has_invited,
        position=40,
    ),
)
