"""The worker loop: lease a batch, send it on one connection, and repeat until the time is up.

A run is short, so that other tasks in the queue run between two of them. A machine has a limited
number of slots for runs: the rest of it is left for pages, codes and other tasks.
"""

import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, OperationalError

from tasks import relay
from tasks.errors import MailServerAwayError
from tasks.models import Message
from tasks.smtp import SmtpConnection
from tenancy.context import load_workspace, load_workspaces

if TYPE_CHECKING:
    from tasks.deliveries import Delivery

logger = logging.getLogger(__name__)

# Seconds until the slot of a dead process is free. No send begins after the run's time, and three
# steps of its SMTP dialogue may each take the full timeout.
SLOT_EXPIRES = relay.RUN_SECONDS + 3 * settings.EMAIL_TIMEOUT


@dataclass
class PendingDelivery:
    """A message that may be sent, its delivery task, and the context to run it in."""

    message: Message
    task: "Delivery"
    context: Any


def drain(*, call: Callable[[], None]) -> int:
    """Send due messages until the run's time is up; return how many were tried.

    `call`s another worker if there are many, and if some are left at the end. Does nothing if all
    slots of this machine are taken: their holders continue. Runs in public, as the relay.
    """
    with _slot() as is_free:
        tried, is_over = _send_due(call) if is_free else (0, True)
    # After the slot is released, so that the called worker finds it free.
    if not is_over:
        call()
    return tried


@contextmanager
def _slot() -> Iterator[bool]:
    """Take a slot of this machine for the block; yield whether one was free."""
    places = (f"outbox:slot:{socket.gethostname()}:{n}" for n in range(settings.OUTBOX_PROCESSES))
    token = uuid4().hex
    mine = next((each for each in places if cache.add(each, token, timeout=SLOT_EXPIRES)), None)
    try:
        yield mine is not None
    finally:
        # After `SLOT_EXPIRES` another process may have taken the slot.
        if mine and cache.get(mine) == token:
            cache.delete(mine)


def _send_due(call: Callable[[], None]) -> tuple[int, bool]:
    """Send due messages; return how many were tried, and whether none was left."""
    tried, until = 0, time.monotonic() + relay.RUN_SECONDS
    with SmtpConnection() as smtp, suppress(MailServerAwayError):
        while messages := relay.lease_batch():
            if not tried and len(messages) == relay.BATCH_SIZE:
                call()
            deliveries = _deliveries(messages)
            try:
                _run(deliveries, smtp, until)
            finally:
                tried += len(messages) - len(deliveries)
                relay.release_batch(delivery.message for delivery in deliveries)
            if time.monotonic() >= until:
                return tried, False
    return tried, True


def deliver(message: Message, smtp: SmtpConnection) -> None:
    """Send a leased message in this process. Runs in public, as the relay."""
    with suppress(MailServerAwayError):
        _run(_deliveries([message]), smtp, float("inf"))


def _deliveries(messages: Iterable[Message]) -> deque[PendingDelivery]:
    """Return what can be sent of a batch: each tenant is loaded once for all of it."""
    known = load_workspaces({each.schema_name for each in messages})
    deliveries: deque[PendingDelivery] = deque()
    for message in messages:
        task = cast("Delivery | None", current_app.tasks.get(message.task))
        if task is None:
            # The task of a newer release, which has workers of its own by now.
            logger.error("This release has no task to send %s %s.", message.kind, message.pk)
            continue
        context = task.sending_context(
            str(message.pk),
            message.schema_name,
            lambda name: known.get(name) or load_workspace(name),
        )
        if context:
            deliveries.append(PendingDelivery(message, task, context))
    return deliveries


def _run(deliveries: deque[PendingDelivery], smtp: SmtpConnection, until: float) -> None:
    """Send messages until the deadline, and leave the others. Raises `MailServerAwayError`.

    A success is recorded with the claim of the next message, the last one by itself.
    """
    sent = None
    try:
        while deliveries and time.monotonic() < until:
            delivery = deliveries.popleft()
            is_claimed = relay.claim(delivery.message, sent=sent)
            sent = None
            if is_claimed and _attempt(delivery, smtp):
                sent = delivery.message
    finally:
        if sent:
            relay.record_sent(sent)


def _attempt(delivery: PendingDelivery, smtp: SmtpConnection) -> bool:
    """Send a claimed message in its context; return whether it is sent.

    A message is left as it is if its tenant is deleted meanwhile: without a schema nothing can be
    recorded, and should the tenant stay after all, the lease expires. Raises `OperationalError`
    when the database is away.
    """
    try:
        with delivery.context:
            return relay.attempt(delivery.message, write=delivery.task.run, smtp=smtp)
    except OperationalError:
        raise
    except DatabaseError as error:
        kind, why = delivery.message.kind, type(error).__name__
        logger.error("Skipped %s %s: %s", kind, delivery.message.pk, why)  # noqa: TRY400  # Its text may quote an address.
        return False
