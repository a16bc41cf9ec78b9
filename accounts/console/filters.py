"""Filters of the console's lists."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.console.pagination import Order, a_moment
from accounts.models import Invitation, Role, User
from accounts.querysets import InvitationQuerySet, UserQuerySet
from tasks.models import Message

MAX_SEARCH = 100
SEARCH = forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"})
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
DELIVERIES = {
    "sent": (Message.State.SENT,),
    "waiting": (Message.State.PENDING, Message.State.SENDING),
    "retried": (Message.State.FAILED,),
    "dead": (Message.State.DEAD,),
}
DELIVERY_NAMES = [
    ("sent", _("Sent")),
    ("waiting", _("Waiting")),
    ("retried", _("Being retried")),
    ("dead", _("Given up")),
]
KINDS = [("welcome", _("Welcome")), ("invitation", _("Invitation"))]


class ListFilter(filters.FilterSet):
    """A filter in which each form field may stay empty."""

    @property
    def form(self) -> forms.Form:
        form: forms.Form = super().form
        form.hide_optional = True  # type: ignore[attr-defined]  # Read by the field's template.
        return form

    @property
    def said(self) -> dict[str, Any]:
        """The submitted values that are valid and not empty."""
        self.form.is_valid()
        return {name: value for name, value in self.form.cleaned_data.items() if value}

    @property
    def narrows(self) -> bool:
        """Whether the filter may hide rows."""
        return bool(self.said.keys() - {"sort"})


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
        return rows.with_sort_name(by_index=not self._are_few(rows))

    def _are_few(self, rows: UserQuerySet) -> bool:
        """Whether a search leaves so few rows that sorting them is quicker than an index scan.

        PostgreSQL expects the matches to be spread over all names. Where they all come last, it
        would read all other rows first.
        """
        return "q" in self.said and rows[: FEW + 1].count() <= FEW

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


class MailFilter(ListFilter):
    """Messages by delivery state and by kind."""

    state = filters.ChoiceFilter(
        label=_("State"), choices=DELIVERY_NAMES, method="become", empty_label=_("Any state")
    )
    kind = filters.ChoiceFilter(label=_("Kind"), choices=KINDS, empty_label=_("Any kind"))

    class Meta:
        model = Message
        fields = ["state", "kind"]

    def become(self, rows: "QuerySet[Message]", _name: str, state: str) -> "QuerySet[Message]":
        return rows.filter(state__in=DELIVERIES[state])
