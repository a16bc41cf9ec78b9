"""What this app declares: permissions, links, panels of the console's first page, its checklist."""

from django.utils.translation import gettext_lazy as _

from accounts.access.decorators import ADMINISTER, is_verified
from accounts.access.permissions import Permission, permissions
from accounts.console.checklist import ChecklistItem, checklist
from accounts.console.navigation import Link, account_links, console_links, main_links
from accounts.console.overview import next_steps
from accounts.console.panels import Panel, panels
from accounts.invitations.models import Invitation
from accounts.members import panels as member_panels
from accounts.messages import panels as message_panels
from accounts.users.models import Role, User


def has_completed_profile(user: User) -> bool:
    return bool(user.profile.phone_number and user.profile.address_line_1)


def has_chosen_time_zone(user: User) -> bool:
    return user.time_zone != "UTC"


def has_invited(user: User) -> bool:
    return User.objects.exclude(pk=user.pk).exists() or Invitation.objects.exists()


permissions.register(
    Permission(ADMINISTER, _("open the console"), position=10),
    Permission("members.view", _("see the members, their messages and invitations"), position=20),
    Permission("members.invite", _("invite people, and revoke invitations"), position=30),
    Permission("members.change", _("change roles, deactivate and reactivate members"), position=40),
    Permission(
        "owners.change", _("do so with owners, and make owners"), (Role.OWNER,), position=50
    ),
    Permission("messages.view", _("see the onboarding messages"), position=60),
    Permission("messages.resend", _("send a message again"), position=70),
)

main_links.register(
    Link("accounts.home", _("Home"), "home", position=10),
    Link(
        "accounts.console", _("Console"), "console:overview", pages=("console:",),
        permission=ADMINISTER, position=1000,
    ),
)  # fmt: skip
console_links.register(
    Link(
        "accounts.overview", _("Overview"), "console:overview", "icons/layout-dashboard.svg",
        permission=ADMINISTER, position=10,
    ),
    Link(
        "accounts.members", _("Members"), "console:members", "icons/users.svg",
        ("console:member", "console:invit", "console:deactivate"),
        "members.view", 20,
    ),
    Link(
        "accounts.messages", _("Onboarding e-mails"), "console:messages", "icons/mail.svg",
        ("console:message",), "messages.view", 30,
    ),
)  # fmt: skip
account_links.register(
    Link(
        "accounts.profile", _("Profile"), "accounts:profile", "icons/user.svg",
        ("accounts:profile", "accounts:change-picture"), position=10,
    ),
    Link("accounts.email", _("E-mail"), "account_email", "icons/at.svg", position=20),
    Link(
        "accounts.password", _("Password"), "account_change_password", "icons/key.svg",
        ("account_change_password", "account_set_password"), position=30,
    ),
    Link("accounts.sessions", _("Sessions"), "usersessions_list", "icons/devices.svg", position=40),
)  # fmt: skip

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
