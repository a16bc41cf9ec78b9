"""The policies of deliveries: what holds for all messages of one kind of e-mail."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Category(StrEnum):
    """What an e-mail is about. The console lists onboarding messages, and no others."""

    ONBOARDING = "onboarding"
    ACCOUNT = "account"
    SERVICE = "service"


class Audience(StrEnum):
    """Who is written to, which selects the budgets that limit a recipient's e-mails."""

    # A user: within their tenant if their address is confirmed, else across all tenants as well.
    USER = "user"
    # An address that a member invites.
    INVITED = "invited"
    # Any address that a visitor types.
    ANYONE = "anyone"


@dataclass(frozen=True)
class Policy:
    """What a delivery's decorator states.

    `label` names the kind of message to administrators. `is_secret`: the content is an encrypted
    payload, erased when the message is sent, fails permanently, is cancelled or expires.
    `expires_in`: how long it may still be sent. `admins_may_resend`: from the tenant's console.
    `visitors_may_enqueue`: without a signed-in user, from the public pages.
    """

    kind: str
    label: "StrOrPromise"
    category: Category
    audience: Audience = Audience.USER
    is_secret: bool = False
    expires_in: timedelta | None = None
    admins_may_resend: bool = False
    visitors_may_enqueue: bool = False


# For a task that only another release defines: nothing of it can be restored.
UNKNOWN = Policy("", "", Category.ACCOUNT, is_secret=True)
_policies: dict[str, Policy] = {}


def register(task: str, policy: Policy) -> None:
    """Keep the policy of a delivery, by its task's name."""
    _policies[task] = policy


def policy_of(task: str) -> Policy:
    return _policies.get(task, UNKNOWN)


def all_policies() -> dict[str, Policy]:
    """Return the policies by the names of the tasks."""
    return dict(_policies)


def tasks_in(category: Category) -> list[str]:
    """Return the names of the tasks that deliver the e-mails of a category."""
    return [task for task, policy in _policies.items() if policy.category == category]


def restorable_tasks() -> list[str]:
    """Return the names of the tasks that need no payload."""
    return [task for task, policy in _policies.items() if not policy.is_secret]


def visitor_kinds() -> list[str]:
    """Return the kinds of messages that visitors may enqueue."""
    return sorted(policy.kind for policy in _policies.values() if policy.visitors_may_enqueue)
