"""The messages' panel of the console's first page."""

from collections.abc import Mapping
from typing import Any

from accounts.access.requests import MemberRequest
from accounts.messages.filters import DELIVERIES, DELIVERY_NAMES
from tasks.models import Message
from tenancy.context import current_schema


def deliveries(_request: MemberRequest) -> Mapping[str, Any]:
    """Return the number of onboarding messages by state, with the filter that lists them."""
    counts = Message.objects.of_schema(current_schema()).onboarding().count_by_state()
    return {
        "deliveries": [
            {"state": state, "name": name, "count": sum(counts[part] for part in DELIVERIES[state])}
            for state, name in DELIVERY_NAMES
        ]
    }
