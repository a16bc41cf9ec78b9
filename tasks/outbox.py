"""The outbox's services: enqueue a message in the caller's transaction, resend it, cancel it."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.utils import timezone

from tasks.errors import PayloadGoneError
from tasks.models import Message
from tasks.payloads import encrypt
from tasks.policies import policy_of
from tasks.querysets import MessageQuerySet
from tenancy import broker, rate_limits
from tenancy.context import current_schema

if TYPE_CHECKING:
    from tasks.deliveries import Delivery

# The rate at which one tenant's messages go to the queue at once, and their expiry in seconds.
NOTIFICATION_RATE = "5/second"
NOTIFICATION_EXPIRES = 60


def enqueue(  # noqa: PLR0913  # Each says one thing about the message, by name.
    task: "Delivery",
    *,
    kind: str | None = None,
    user_id: UUID | None = None,
    key: str | None = None,
    is_first: bool = False,
    payload: dict[str, Any] | None = None,
    expires_in: timedelta | None = None,
    not_before: datetime | None = None,
    **arguments: Any,
) -> Message:
    """Enqueue a message for `task` (a delivery), and queue the task after the commit.

    The schema is that of the call, not of the commit. With an idempotency `key`, a message is
    enqueued once: a second call returns the first one's. With `is_first`, it isn't looked up,
    and a second one raises `IntegrityError`. A secret delivery's `payload` is encrypted.
    `expires_in` replaces the policy's, and `kind` the delivery's. With `not_before` the message is
    sent by the first sweep after that moment, from which its expiry counts. Raises
    `TenantMissingError` outside any context.
    """
    schema_name, own_key = current_schema(), key or uuid.uuid4().hex
    policy = policy_of(task.name)
    lifetime = policy.expires_in if expires_in is None else expires_in
    due_at = not_before or timezone.now()
    content = {
        "kind": kind or task.kind,
        "task": task.name,
        "user_id": user_id,
        "arguments": arguments,
        "payload": _encrypted(payload, task, schema_name, own_key),
        "due_at": due_at,
        "expires_at": due_at + lifetime if lifetime is not None else None,
    }
    message, created = _keep(schema_name, own_key, content, is_new=is_first or key is None)
    if created and not_before is None:
        notify_on_commit(message)
    return message


def _encrypted(
    payload: dict[str, Any] | None, task: "Delivery", schema_name: str, key: str
) -> bytes | None:
    """Return the encrypted payload. Raises `TypeError` if the delivery's policy is another."""
    if policy_of(task.name).is_secret != (payload is not None):
        raise TypeError(f"{task.name} is secret, and needs a payload, or it isn't and takes none.")
    return payload if payload is None else encrypt(payload, schema_name=schema_name, key=key)


def _keep(
    schema_name: str, key: str, content: dict[str, Any], *, is_new: bool
) -> tuple[Message, bool]:
    """Return the message of a key, and whether it was created now.

    A new key isn't looked up, as a visitor's role may insert messages and read none.
    """
    if is_new:
        return Message.objects.create(schema_name=schema_name, key=key, **content), True
    return Message.objects.get_or_create(schema_name=schema_name, key=key, defaults=content)


def notify_on_commit(message: Message) -> None:
    """Queue the delivery after the commit. Can't break the caller.

    Beat's sweep is the guarantee; this only saves the wait for it.
    """
    task_name, schema_name, pk = message.task, message.schema_name, str(message.pk)
    # A lambda: Django logs a failed callback's __qualname__, which a partial lacks.
    transaction.on_commit(lambda: notify(task_name, schema_name, pk), robust=True)


def notify(task_name: str, schema_name: str, pk: str) -> None:
    """Send the delivery to the queue, bound to its schema, unless the broker is away.

    A tenant's deliveries over `NOTIFICATION_RATE` aren't queued, so that they don't delay those of
    others. The sweep sends them, each tenant's in rotation, and those that expire in the queue.
    """
    if rate_limits.pace(f"notifications:{schema_name}", NOTIFICATION_RATE):
        return
    task = current_app.tasks[task_name]
    broker.notify_worker(task, pk, schema_name=schema_name, expires=NOTIFICATION_EXPIRES)


def resend(*, message: Message) -> None:
    """Give a message new attempts, from now on. Idempotent.

    Raises `PayloadGoneError` while it is being sent, and if its secret is erased.
    """
    with transaction.atomic():
        renewed = Message.objects.resendable().filter(pk=message.pk)
        if not renewed.update(state=Message.State.PENDING, attempts=0, due_at=timezone.now()):
            raise PayloadGoneError("It is being sent, or its content is erased.")
        notify_on_commit(message)


def resend_all(*, messages: MessageQuerySet) -> int:
    """Give new attempts to messages that can be sent again, in one statement; return how many.

    No delivery is queued: the sweep sends them, at the provider's rate and each tenant's in
    rotation. Idempotent.
    """
    renewed = messages.resendable()
    return renewed.update(state=Message.State.PENDING, attempts=0, due_at=timezone.now())


def cancel(*, messages: MessageQuerySet, reason: str) -> None:
    """Cancel messages that must not be sent any more, and erase their payloads. Idempotent.

    A message that a worker is sending at this moment is sent all the same; one that has failed
    stays failed.
    """
    messages.filter(state__in=(Message.State.PENDING, Message.State.FAILED)).update(
        state=Message.State.CANCELLED, payload=None, last_error=reason
    )
    messages.filter(state=Message.State.DEAD).update(payload=None)
