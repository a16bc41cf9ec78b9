"""The filter of the message list."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.console.filters import ListFilter
from tasks.models import Message
from tasks.policies import Category, all_policies

DELIVERIES = {
    "sent": (Message.State.SENT,),
    "waiting": (Message.State.PENDING, Message.State.SENDING),
    "retried": (Message.State.FAILED,),
    "dead": (Message.State.DEAD,),
    "cancelled": (Message.State.CANCELLED,),
}


DELIVERY_NAMES = [
    ("sent", _("Sent")),
    ("waiting", _("Queued")),
    ("retried", _("Retrying")),
    ("dead", _("Failed")),
    ("cancelled", _("Cancelled")),
]


def kinds() -> list[tuple[str, Any]]:
    """Return the kinds of onboarding messages, those of products among them."""
    policies = all_policies().values()
    return [(each.kind, each.label) for each in policies if each.category == Category.ONBOARDING]


class MessageFilter(ListFilter):
    """Messages by delivery state and by kind."""

    state = filters.ChoiceFilter(
        label=_("State"), choices=DELIVERY_NAMES, method="become", empty_label=_("Any state")
    )
    kind = filters.ChoiceFilter(label=_("Kind"), choices=kinds, empty_label=_("Any kind"))

    class Meta:
        model = Message
        fields = ["state", "kind"]

    def become(self, rows: "QuerySet[Message]", _name: str, state: str) -> "QuerySet[Message]":
        return rows.filter(state__in=DELIVERIES[state])
