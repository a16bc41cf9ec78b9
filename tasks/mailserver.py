"""How the mail server is treated: at the pace it allows, and left alone while it is away.

What one worker learns holds for all: it is kept in the cache, which means Redis, and while that
is away each process by itself. Without that, an outage would cost every letter its attempts.
"""

import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from smtplib import SMTPDataError, SMTPRecipientsRefused

from django.conf import settings
from django.core.cache import cache

from tasks import ratelimits
from tasks.errors import MailServerAwayError
from tasks.workspace import public_context

logger = logging.getLogger(__name__)

# How long the server is left alone after it failed once, at most, and until that is forgotten.
FIRST_PAUSE, LONGEST_PAUSE, MEMORY = 5.0, 60.0, 3600
# How long a worker waits for its turn before it leaves the letter to a later sweep.
QUEUE_PATIENCE = 5

FAILURES = "mail:failures"
PAUSED = "mail:paused"

REFUSED = 500
HANGS_UP = 421
# What a provider's API says about a letter, and not about itself or about us.
UNACCEPTABLE = {400, 404, 413, 422}


def ask_leave() -> bool:
    """Return once a letter may be sent: whether it is to try if the server is back.

    Raises `MailServerAwayError` while the server is left alone: one letter at a time tries
    whether it is back, and the others wait without losing an attempt. The same when it takes
    no more letters for now.
    """
    with public_context():
        failures = cache.get(FAILURES)
        if failures and not cache.add(PAUSED, 1, timeout=_pause(failures)):
            raise MailServerAwayError("The mail server is left alone for now.")
    _wait_for_turn()
    return bool(failures)


def capacity(most: int, *, seconds: float) -> int:
    """Return how many letters are worth taking for so many seconds, `most` at most."""
    with public_context():
        if cache.get(FAILURES):
            return 0 if cache.get(PAUSED) else 1
    if not settings.OUTBOX_RATE:
        return most
    return max(1, min(most, int(ratelimits.per_second(settings.OUTBOX_RATE) * seconds)))


@contextmanager
def conversation() -> Iterator[None]:
    """Watch how a letter is refused, and remember whether the server is there."""
    try:
        yield
    except Exception as error:
        if is_away(error):
            note_failure(error)
        elif _is_answer(error):
            note_answer()
        raise


def note_answer() -> None:
    """The server is there, whatever it says to this letter."""
    with public_context():
        if cache.get(FAILURES):
            logger.warning("The mail server is back.")
            cache.delete_many([FAILURES, PAUSED])


def note_failure(error: Exception) -> None:
    """The server is away, or takes nothing from anybody: leave it alone, longer each time."""
    with public_context():
        failures = (cache.get(FAILURES) or 0) + 1
        cache.set(FAILURES, failures, timeout=MEMORY)
        cache.set(PAUSED, 1, timeout=_pause(failures))
    logger.warning("The mail server is away (%s).", type(error).__name__)


def is_refusal(error: Exception) -> bool:
    """Whether this letter is refused for good: another attempt would hear the same."""
    if isinstance(error, SMTPRecipientsRefused):
        return min(_codes(error), default=0) >= REFUSED
    if isinstance(error, SMTPDataError):
        return error.smtp_code >= REFUSED
    return type(error).__name__ == "AnymailRecipientsRefused" or _status(error) in UNACCEPTABLE


def is_away(error: Exception) -> bool:
    """Whether no letter would do better now: nobody there, or everybody is turned away."""
    if isinstance(error, SMTPRecipientsRefused):
        return HANGS_UP in _codes(error)
    if isinstance(error, SMTPDataError):
        return bool(error.smtp_code == HANGS_UP)
    if (status := _status(error)) is not None:
        return status not in UNACCEPTABLE
    # All of smtplib's own are OSErrors: no connection, no greeting, no such sender or login.
    return isinstance(error, OSError)


def _is_answer(error: Exception) -> bool:
    """Whether the server has said something to this letter: so it is there."""
    return isinstance(error, SMTPRecipientsRefused | SMTPDataError) or _status(error) is not None


def _codes(error: SMTPRecipientsRefused) -> list[int]:
    return [code for code, _said in error.recipients.values()]


def _status(error: Exception) -> int | None:
    """Return the HTTP status of a provider's answer, as anymail's errors carry it."""
    status: int | None = getattr(error, "status_code", None)
    return status


def _pause(failures: int) -> float:
    """Return how long the server is left alone, so that not everybody comes back at once."""
    longest: float = min(FIRST_PAUSE * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE)
    return longest * random.uniform(0.8, 1.2)  # noqa: S311  # No secret.


def _wait_for_turn() -> None:
    """Keep to `OUTBOX_RATE`, over all workers. Raises `MailServerAwayError` when it is full."""
    deadline = time.monotonic() + QUEUE_PATIENCE
    while settings.OUTBOX_RATE and (wait := ratelimits.pace("outbox", settings.OUTBOX_RATE)):
        if time.monotonic() + wait > deadline:
            raise MailServerAwayError("It takes no more letters for now.")
        time.sleep(wait)
