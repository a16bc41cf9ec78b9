"""Messages as the console lists them: the recipient and the delivery state, in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import cached_property

from accounts.invitations.models import Invitation
from accounts.messages import labels
from accounts.users.models import User
from tasks.models import Message
from tasks.policies import Category, policy_of
from tenancy.context import current_schema

# How many messages one person's page shows: the newest.
HISTORY = 25


@dataclass(frozen=True)
class Entry:
    """A message with its recipient: the outbox itself stores ids only."""

    message: Message
    person: User | None = None
    invitation: Invitation | None = None

    @property
    def address(self) -> str:
        """The recipient's address; empty once the recipient is deleted."""
        reader = self.person or self.invitation
        return reader.email if reader else ""

    @property
    def kind(self) -> str:
        return labels.kind(self.message)

    @property
    def state(self) -> labels.StateWords:
        return labels.state(self.message)

    @property
    def explanation(self) -> str:
        return labels.explanation(self.message)

    @property
    def error(self) -> str:
        return labels.error(self.message)

    @property
    def is_onboarding(self) -> bool:
        """Whether it has a page: other messages are private to their recipient."""
        return policy_of(self.message.task).category == Category.ONBOARDING

    @cached_property
    def can_be_resent(self) -> bool:
        """Whether it makes sense to send it again now."""
        at_rest = (Message.State.SENT, Message.State.FAILED, Message.State.DEAD)
        if self.message.state not in at_rest or not policy_of(self.message.task).admins_may_resend:
            return False
        if self.message.kind == "invitation":
            return self.invitation is not None and self.invitation.is_open
        return self.person is not None and self.person.is_active


def entries(messages: Iterable[Message]) -> list[Entry]:
    """Find the recipients of messages, with two queries for any number."""
    rows = list(messages)
    people = User.objects.in_bulk({row.user_id for row in rows if row.user_id})
    invitations = Invitation.objects.in_bulk({_invitation_id(row) for row in rows} - {""})
    by_id = {str(pk): invitation for pk, invitation in invitations.items()}
    return [
        Entry(row, people.get(row.user_id) if row.user_id else None, by_id.get(_invitation_id(row)))
        for row in rows
    ]


def history_of(person: User, invitations: Iterable[Invitation]) -> list[Entry]:
    """Return one person's newest messages. The caller passes the person's invitations."""
    by_id = {str(invitation.pk): invitation for invitation in invitations}
    messages = Message.objects.of_schema(current_schema()).of_person(
        person.pk, [invitation.pk for invitation in by_id.values()]
    )
    return [
        Entry(message, person, by_id.get(_invitation_id(message)))
        for message in messages.order_by("-created_at", "id")[:HISTORY]
    ]


def _invitation_id(message: Message) -> str:
    return str(message.arguments.get("invitation_id", ""))
