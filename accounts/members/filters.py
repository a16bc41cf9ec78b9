"""The filter of the member list."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from accounts.console.filters import MAX_SEARCH, SEARCH, ListFilter
from accounts.console.pagination import Order, a_moment
from accounts.invitations.models import Invitation
from accounts.invitations.querysets import InvitationQuerySet
from accounts.users.models import Role, User
from accounts.users.querysets import UserQuerySet

# PostgreSQL sorts this many rows within some milliseconds.
FEW = 10_000


INVITED = "invited"


STANDINGS = [
    ("active", _("Active")),
    ("deactivated", _("Deactivated")),
    (INVITED, _("Invited")),
]


SORTS = {
    "name": Order("sort_name"),
    "-name": Order("sort_name", descending=True),
    "-joined": Order("joined_at", a_moment, descending=True),
    "joined": Order("joined_at", a_moment),
    "-seen": Order("last_login", a_moment, descending=True, nullable=True),
    "seen": Order("last_login", a_moment, nullable=True),
}


SORT_NAMES = [
    ("name", _("Name")),
    ("-name", _("Name, from the end")),
    ("-joined", _("Newest first")),
    ("joined", _("Oldest first")),
    ("-seen", _("Last signed in first")),
    ("seen", _("Longest not seen first")),
]


class MemberFilter(ListFilter):
    """Members by words, role and state. `sort` is left to the page: its cursors depend on it."""

    q = filters.CharFilter(
        label=_("Name or address"), method="search", max_length=MAX_SEARCH, widget=SEARCH
    )
    state = filters.ChoiceFilter(
        label=_("Standing"), choices=STANDINGS, method="stand", empty_label=_("Everybody")
    )
    role = filters.ChoiceFilter(label=_("Role"), choices=Role.choices, empty_label=_("Any role"))
    sort = filters.ChoiceFilter(
        label=_("Sort by"), choices=SORT_NAMES, method="leave", empty_label=None
    )

    class Meta:
        model = User
        fields = ["q", "state", "role", "sort"]

    def search(self, rows: UserQuerySet, _name: str, words: str) -> UserQuerySet:
        return rows.search(words)

    def stand(self, rows: UserQuerySet, _name: str, state: str) -> UserQuerySet:
        return rows.filter(is_active=state == "active")

    def leave(self, rows: UserQuerySet, _name: str, _value: str) -> UserQuerySet:
        return rows

    @property
    def order(self) -> Order:
        return SORTS[self.said.get("sort") or "name"]

    @property
    def people(self) -> UserQuerySet:
        """Return the members that match, with `sort_name` where the order needs it."""
        rows: UserQuerySet = self.qs
        if self.order.field != "sort_name":
            return rows
        # Few matches are sorted quicker than an index is scanned: PostgreSQL expects them to be
        # spread over all names. Where they all come last, it would read all other rows first.
        are_few = "q" in self.said and rows[: FEW + 1].count() <= FEW
        return rows.with_sort_name(by_index=not are_few)

    @property
    def shows_members(self) -> bool:
        return self.said.get("state") != INVITED

    @property
    def shows_invitations(self) -> bool:
        return self.said.get("state") in {None, INVITED}

    def invitations(self) -> InvitationQuerySet:
        """Return the open invitations that match the same words and role."""
        rows = Invitation.objects.open().search(self.said.get("q", ""))
        return rows.filter(role=self.said["role"]) if "role" in self.said else rows
