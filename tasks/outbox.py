"""Putting messages in the outbox: in the caller's transaction, or not at all."""

import logging
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.utils import timezone

from tasks import breakers, brokers, ratelimits
from tasks.errors import PayloadGoneError
from tasks.models import Message
from tasks.payloads import seal
from tasks.querysets import MessageQuerySet
from tasks.workspace import current_schema

if TYPE_CHECKING:
    from tasks.deliveries import Delivery

logger = logging.getLogger(__name__)

# How many of one tenant's letters go to the queue at once, and how long they are worth it there.
NUDGES = "5/second"
NUDGE_EXPIRES = 60


def enqueue(
    task: "Delivery",
    *,
    kind: str | None = None,
    user_id: UUID | None = None,
    key: str | None = None,
    is_first: bool = False,
    payload: dict[str, Any] | None = None,
    expires_in: timedelta | None = None,
    **arguments: Any,
) -> Message:
    """Remember that `task` (a delivery) must send a letter, and nudge it after the commit.

    The schema is the one of this moment, not of the commit's. With a `key`, a message is
    enqueued once: a second call returns the first one's, unless `is_first` says that there
    can't be any, which saves the look and makes a second one an `IntegrityError`. A `payload`
    is encrypted, and wants an `expires_in`. `kind` names the letter where the task sends
    several. Raises `TenantMissingError` outside any context.
    """
    schema_name, own_key = current_schema(), key or uuid.uuid4().hex
    sealed = None if payload is None else seal(payload, schema_name=schema_name, key=own_key)
    content = {
        "kind": kind or task.kind,
        "task": task.name,
        "user_id": user_id,
        "arguments": arguments,
        "payload": sealed,
        "expires_at": timezone.now() + expires_in if expires_in is not None else None,
    }
    message, created = _keep(schema_name, own_key, content, is_new=is_first or key is None)
    if created:
        nudge_on_commit(message)
    return message


def _keep(
    schema_name: str, key: str, content: dict[str, Any], *, is_new: bool
) -> tuple[Message, bool]:
    """Return the message of a key, and whether it was written just now.

    Nothing is looked up for a key that is nobody's yet, as a visitor may leave a letter in the
    outbox and read none.
    """
    if is_new:
        return Message.objects.create(schema_name=schema_name, key=key, **content), True
    return Message.objects.get_or_create(schema_name=schema_name, key=key, defaults=content)


def nudge_on_commit(message: Message) -> None:
    """Tell a worker once the transaction is through. Can't break the caller.

    The beat's sweep is the guarantee; the nudge only saves the wait for it.
    """
    task_name, schema_name, pk = message.task, message.schema_name, str(message.pk)
    # A lambda: Django logs a failed callback's __qualname__, which a partial lacks.
    transaction.on_commit(lambda: nudge(task_name, schema_name, pk), robust=True)


def nudge(task_name: str, schema_name: str, pk: str) -> None:
    """Send the delivery to the queue, bound to its schema; a queue that is away gets nothing.

    Nor does one that a tenant would fill: others' letters would wait behind theirs. What is
    over leaves by the sweep, each tenant's in turn, and so does what waits in the queue too long.
    """
    if not breakers.broker().allows() or ratelimits.pace(f"nudges:{schema_name}", NUDGES):
        return
    task = cast("Delivery", current_app.tasks[task_name])
    try:
        with brokers.producer() as producer:
            task.apply_async(
                (pk,),
                schema_name=schema_name,
                retry=False,
                producer=producer,
                expires=NUDGE_EXPIRES,
            )
    except brokers.AWAY as error:
        logger.warning("No worker was told of %s: %s", pk, type(error).__name__)


def resend(*, message: Message) -> None:
    """Give a message new attempts, from now on. May be run twice.

    Raises `PayloadGoneError` while it is being sent, and when its secret was erased.
    """
    with transaction.atomic():
        renewed = Message.objects.resendable().filter(pk=message.pk)
        if not renewed.update(state=Message.State.PENDING, attempts=0, due_at=timezone.now()):
            raise PayloadGoneError("It is being sent, or its content is erased.")
        nudge_on_commit(message)


def resend_all(*, messages: MessageQuerySet) -> int:
    """Give new attempts to those that can be sent again, in one statement; return how many.

    No worker is nudged: the sweep hands them out, at the rate that the provider allows and to
    each tenant in turn. May be run twice.
    """
    renewed = messages.resendable()
    return renewed.update(state=Message.State.PENDING, attempts=0, due_at=timezone.now())


def call_off(*, messages: MessageQuerySet, reason: str) -> None:
    """Give up what nobody should get any more, and erase its secrets. May be run twice.

    What a worker has in hand at this moment is sent all the same.
    """
    in_hand_or_done = (Message.State.SENDING, Message.State.SENT)
    messages.exclude(state__in=in_hand_or_done).update(
        state=Message.State.DEAD, payload=None, last_error=reason
    )
