"""Going round: whoever is free takes a few letters, sends them on one line, and goes on.

A turn is short, so that what else waits in the queue has its own between two of them. A machine
has so many places for those who go round: pages, codes and what else there is have the rest of it.
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
from tasks.lines import Line
from tasks.models import Message
from tasks.workspace import load_workspace, load_workspaces

if TYPE_CHECKING:
    from tasks.deliveries import Delivery

logger = logging.getLogger(__name__)

# In seconds: who dies in a place leaves it free by then. No letter is begun after the turn, and
# three steps of its conversation may take as long as they can.
PLACE_EXPIRES = relay.TURN + 3 * settings.EMAIL_TIMEOUT


@dataclass
class Errand:
    """A letter that may be sent, who writes it, and the context that they do it in."""

    message: Message
    task: "Delivery"
    context: Any


def go(*, call: Callable[[], None]) -> int:
    """Send what is due until the turn is over; return how many letters were tried.

    `call`s another to help where there is much, and to go on where something is left. None where
    all places of this machine are taken: who has one goes on. In public, as the relay.
    """
    with _place() as is_free:
        tried, is_over = _turn(call) if is_free else (0, True)
    # Whoever is called finds the place free.
    if not is_over:
        call()
    return tried


@contextmanager
def _place() -> Iterator[bool]:
    """Take a place of this machine for the block; whether one was free."""
    places = (f"outbox:round:{socket.gethostname()}:{n}" for n in range(settings.OUTBOX_ROUNDS))
    token = uuid4().hex
    mine = next((each for each in places if cache.add(each, token, timeout=PLACE_EXPIRES)), None)
    try:
        yield mine is not None
    finally:
        # Whoever took longer than that finds it somebody else's.
        if mine and cache.get(mine) == token:
            cache.delete(mine)


def _turn(call: Callable[[], None]) -> tuple[int, bool]:
    """Send what is due; return how many letters were tried, and whether none was left."""
    tried, until = 0, time.monotonic() + relay.TURN
    with Line() as line, suppress(MailServerAwayError):
        while messages := relay.hand_out():
            if not tried and len(messages) == relay.HANDFUL:
                call()
            errands = _errands(messages)
            try:
                _run(errands, line, until)
            finally:
                tried += len(messages) - len(errands)
                relay.take_back(errand.message for errand in errands)
            if time.monotonic() >= until:
                return tried, False
    return tried, True


def deliver(message: Message, line: Line) -> None:
    """Send a message that was handed out, here and now. In public, as the relay."""
    with suppress(MailServerAwayError):
        _run(_errands([message]), line, float("inf"))


def _errands(messages: Iterable[Message]) -> deque[Errand]:
    """Return what can be sent of a handful: each tenant is asked for once in all of it."""
    known = load_workspaces({each.schema_name for each in messages})
    errands: deque[Errand] = deque()
    for message in messages:
        task = cast("Delivery | None", current_app.tasks.get(message.task))
        if task is None:
            # A newer release's, which has workers of its own by now.
            logger.error("Nobody here knows how to send %s %s.", message.kind, message.pk)
            continue
        context = task.way_to(
            str(message.pk),
            message.schema_name,
            lambda name: known.get(name) or load_workspace(name),
        )
        if context:
            errands.append(Errand(message, task, context))
    return errands


def _run(errands: deque[Errand], line: Line, until: float) -> None:
    """Send letters in time, and leave the others. Raises `MailServerAwayError`.

    That a letter is sent is noted with the claim of the next one, and of the last one alone.
    """
    sent = None
    try:
        while errands and time.monotonic() < until:
            errand = errands.popleft()
            is_claimed = relay.claim(errand.message, sent=sent)
            sent = None
            if is_claimed and _attempt(errand, line):
                sent = errand.message
    finally:
        if sent:
            relay.record_sent(sent)


def _attempt(errand: Errand, line: Line) -> bool:
    """Send a letter that is claimed, in its context; whether it is sent.

    One whose tenant ends meanwhile is left alone: nothing can be noted where no schema is, and
    should the tenant stay after all, the claim ends by itself. A database that is away is raised.
    """
    try:
        with errand.context:
            return relay.attempt(errand.message, write=errand.task.run, line=line)
    except OperationalError:
        raise
    except DatabaseError as error:
        kind, why = errand.message.kind, type(error).__name__
        logger.error("Left %s %s alone: %s", kind, errand.message.pk, why)  # noqa: TRY400  # Its text may quote an address.
        return False
