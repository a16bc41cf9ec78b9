"""The outbox, written in the transaction of the change it reports, and the schedules' next runs."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tasks.policies import policy_of, visitor_kinds
from tasks.querysets import MessageQuerySet
from tenancy.fields import SchemaNameField
from tenancy.shared_tables import EVERYTHING, SharedTable


def _rows_of_visitors() -> str:
    """Return which messages visitors may insert: by the policies, once all apps are loaded."""
    kinds = ", ".join(f"'{kind}'" for kind in visitor_kinds())
    return f"schema_name = '{{public}}' AND kind IN ({kinds})"


class Message(models.Model):
    """One e-mail to be sent, with ids instead of contents.

    What ids can't restore (codes, links) is in an encrypted payload with an expiry; it is
    erased when the message is sent, fails permanently, is cancelled or expires.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Retrying")
        DEAD = "dead", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

        @classmethod
        def undelivered(cls) -> tuple["Message.State", ...]:
            """The states of messages that are still to be sent."""
            return (cls.PENDING, cls.SENDING, cls.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    schema_name = SchemaNameField(_("schema"), allows_public=True)
    kind = models.CharField(_("kind"), max_length=40)
    task = models.CharField(_("task"), max_length=100)
    key = models.CharField(_("idempotency key"), max_length=120)
    user_id = models.UUIDField(_("person"), null=True)
    arguments = models.JSONField(_("arguments"), default=dict)
    payload = models.BinaryField(_("payload"), null=True)
    expires_at = models.DateTimeField(_("expires"), null=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PENDING
    )
    attempts = models.IntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    last_error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["schema_name", "key"], name="message_key_unique"),
            models.CheckConstraint(condition=Q(attempts__gte=0), name="message_attempts_natural"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="message_due",
                condition=Q(state__in=("pending", "sending", "failed")),
            ),
            # The schemas with due messages, and the messages of each: see tasks/fair_queue.py.
            models.Index(
                fields=["schema_name", "expires_at", "due_at"],
                name="message_rotation",
                condition=Q(state__in=("pending", "sending", "failed")),
            ),
            models.Index(fields=["created_at"], name="message_dead", condition=Q(state="dead")),
            models.Index(fields=["-created_at"], name="message_newest"),
            models.Index(fields=["schema_name", "user_id"], name="message_of_user"),
            models.Index(fields=["schema_name", "-created_at"], name="message_of_schema"),
        ]

    shared_table = SharedTable(
        {
            "tenant": EVERYTHING,
            # A visitor enqueues the request for `/find/`, and reads no message.
            "visitor": "INSERT",
            "signup": "SELECT, INSERT, UPDATE",
            "relay": EVERYTHING,
            "operator": EVERYTHING,
        },
        rows={"visitor": _rows_of_visitors},
    )

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def message_id(self) -> str:
        """The Message-ID header, the same at every attempt (RFC 5322, section 3.6.4)."""
        return f"<{self.id}@{settings.BASE_DOMAIN}>"

    @property
    def is_secret(self) -> bool:
        """Whether its e-mail holds what only the recipient may see."""
        return policy_of(self.task).is_secret

    @property
    def can_be_resent(self) -> bool:
        """Whether another attempt could succeed: an erased secret can't be restored."""
        if self.state in {self.State.SENDING, self.State.CANCELLED}:
            return False
        return not self.is_secret or bool(self.payload)


class ScheduledRun(models.Model):
    """The next run of a schedule in one tenant (`tasks.schedules`).

    `day` is the tenant's local day that it is for; `due_at` is when it is sent to a worker next,
    which lies later than the day's moment while it waits in the queue, runs, or is tried again.
    """

    schema_name = SchemaNameField(_("schema"))
    name = models.CharField(_("schedule"), max_length=100)
    day = models.DateField(_("day"))
    due_at = models.DateTimeField(_("next attempt"))
    attempts = models.IntegerField(_("attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=100, blank=True)
    ran_at = models.DateTimeField(_("last run"), null=True)

    class Meta:
        verbose_name = _("scheduled run")
        verbose_name_plural = _("scheduled runs")
        constraints = [
            models.UniqueConstraint(fields=["schema_name", "name"], name="scheduled_run_once"),
            models.CheckConstraint(
                condition=Q(attempts__gte=0), name="scheduled_run_attempts_natural"
            ),
        ]
        # By name first: the rows of undeclared schedules aren't read.
        indexes = [models.Index(fields=["name", "due_at"], name="scheduled_run_due")]

    shared_table = SharedTable(
        {"tenant": "SELECT, UPDATE", "relay": EVERYTHING, "operator": EVERYTHING}
    )

    def __str__(self) -> str:
        return f"{self.name} {self.day}"
