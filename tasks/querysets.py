"""Queries about messages, and the statement that claims one."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from tasks.policies import Category, restorable_tasks, tasks_in

if TYPE_CHECKING:
    from tasks.models import Message

# One statement is one commit. A row that another process has claimed doesn't meet the conditions;
# one that it is claiming is locked, and skipped. The statement waits only for the row of `noted`,
# before it locks the row of `free`: a transaction that updates all of a tenant's messages in its
# own order, such as the tenant's deletion, can't deadlock with it.
CLAIM = """
    WITH noted AS (
        UPDATE tasks_message SET state = 'sent', sent_at = %(now)s, payload = NULL, last_error = ''
        WHERE id = %(sent)s
        RETURNING id
    ), free AS (
        SELECT id FROM tasks_message
        WHERE (SELECT count(*) FROM noted) >= 0
          AND id = %(message)s AND attempts = %(attempts)s
          AND (state = 'pending' OR state IN ('failed', 'sending') AND due_at <= %(now)s)
        FOR UPDATE SKIP LOCKED
    )
    UPDATE tasks_message AS claimed
    SET state = 'sending', due_at = %(until)s, attempts = attempts + 1
    FROM free WHERE claimed.id = free.id
"""


class MessageQuerySet(QuerySet["Message"]):
    """The outbox, as rows."""

    def of_schema(self, schema_name: str) -> "MessageQuerySet":
        """Messages of one tenant: the table is shared, so every console query starts here."""
        return self.filter(schema_name=schema_name)

    def onboarding(self) -> "MessageQuerySet":
        """The e-mails that bring members in, such as welcomes and invitations."""
        return self.filter(task__in=tasks_in(Category.ONBOARDING))

    def of_invitation(self, invitation_id: UUID) -> "MessageQuerySet":
        return self.filter(arguments__invitation_id=str(invitation_id))

    def of_person(self, user_id: UUID, invitation_ids: Iterable[UUID]) -> "MessageQuerySet":
        """What a member was sent, including the invitations that brought them in."""
        invitations = [str(pk) for pk in invitation_ids]
        return self.filter(Q(user_id=user_id) | Q(arguments__invitation_id__in=invitations))

    def due(self, now: datetime) -> "MessageQuerySet":
        """Messages that are due, including those of a lost worker."""
        return self.filter(state__in=self.model.State.undelivered(), due_at__lte=now)

    def most_urgent(self) -> "MessageQuerySet":
        """In the order in which a tenant's messages are sent: the first to expire comes first."""
        return self.order_by(F("expires_at").asc(nulls_last=True), "due_at")

    def claim(
        self, message: "Message", *, now: datetime, until: datetime, sent: "Message | None"
    ) -> bool:
        """Claim a message that is unchanged since it was read; return whether it could be claimed.

        The same statement marks `sent` as sent.
        """
        values: dict[str, Any] = {
            "message": message.pk,
            "attempts": message.attempts,
            "sent": sent.pk if sent else None,
            "now": now,
            "until": until,
        }
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, values)
            return bool(cursor.rowcount == 1)

    def resendable(self) -> "MessageQuerySet":
        """Messages that another attempt could send: an erased secret can't be restored."""
        is_whole = Q(task__in=restorable_tasks()) | Q(payload__isnull=False)
        state = self.model.State
        return self.exclude(state__in=(state.SENDING, state.CANCELLED)).filter(is_whole)

    def dead(self) -> "MessageQuerySet":
        return self.filter(state=self.model.State.DEAD)

    def done_before(self, moment: datetime) -> "MessageQuerySet":
        """Messages sent, dead or cancelled since before a moment; the oldest first."""
        state = self.model.State
        is_over = Q(state__in=(state.DEAD, state.CANCELLED))
        was_sent = Q(state=state.SENT, sent_at__lt=moment) | is_over
        return self.filter(was_sent, created_at__lt=moment).order_by("created_at")

    def expired(self, now: datetime) -> "MessageQuerySet":
        """Messages that still hold an expired payload."""
        return self.filter(payload__isnull=False, expires_at__lte=now)

    def count_by_state(self) -> dict[str, int]:
        """Return how many messages each state has, zeros included."""
        states = self.model.State.values
        return self.aggregate(**{s: Count("pk", filter=Q(state=s)) for s in states})
