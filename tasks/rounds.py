"""Going round: whoever is free takes a few letters, sends them on one line, and goes on.

A turn is short, so that what else waits in the queue has its own between two of them.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from celery import current_app

from tasks import relay
from tasks.lines import Line
from tasks.models import Message

if TYPE_CHECKING:
    from tasks.deliveries import Delivery

logger = logging.getLogger(__name__)


def go(*, call: Callable[[], None]) -> int:
    """Send what is due until the turn is over; return how many letters were tried.

    `call`s another to help where there is much, and to go on where something is left.
    """
    tried, until = 0, time.monotonic() + relay.TURN
    with Line() as line:
        while batch := deque(relay.hand_out()):
            count = len(batch)
            if not tried and count == relay.HANDFUL:
                call()
            is_taken = _carry(batch, line, until)
            tried += count - len(batch)
            relay.take_back(batch)
            if not is_taken:
                return tried
            if time.monotonic() >= until:
                call()
                return tried
    return tried


def _carry(batch: deque[Message], line: Line, until: float) -> bool:
    """Send letters in time, and leave the others in the batch; whether the server takes more."""
    while batch and time.monotonic() < until:
        message = batch.popleft()
        if not deliver(message, line):
            return False
    return True


def deliver(message: Message, line: Line) -> bool:
    """Run the delivery of a message, here and now; whether the mail server takes another one."""
    task = cast("Delivery | None", current_app.tasks.get(message.task))
    if task is None:
        # A newer release's, which has workers of its own by now.
        logger.error("Nobody here knows how to send %s %s.", message.kind, message.pk)
        return True
    return task.deliver(str(message.pk), message.schema_name, line)
