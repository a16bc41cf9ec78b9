"""The mail server's rate limit, and its circuit breaker.

All workers share the state, in the cache: in Redis, and while that is away in each process.
Without the breaker, an outage would use up the attempts of every message.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from smtplib import SMTPDataError, SMTPRecipientsRefused

from django.conf import settings
from django.core.cache import cache

from tasks.errors import MailServerAwayError
from tenancy import backoff, rate_limits
from tenancy.context import public_context

logger = logging.getLogger(__name__)

# Seconds: the pause after the first failure, the longest pause, how long failures are counted.
FIRST_PAUSE, LONGEST_PAUSE, MEMORY = 5.0, 60.0, 3600
# Seconds that a worker waits for the rate limit before it leaves the message to a later sweep.
QUEUE_PATIENCE = 5

FAILURES = "mail:failures"
PAUSED = "mail:paused"

REFUSED = 500
HANGS_UP = 421
# HTTP statuses of a provider's API that concern the e-mail, not the provider or the service.
UNACCEPTABLE = {400, 404, 413, 422}


def wait_until_allowed() -> bool:
    """Return once a message may be sent: whether it is to test if the server is back.

    Raises `MailServerAwayError` during a pause after a failure, and when the rate limit is used
    up: one message at a time tests the server, the others wait without losing an attempt.
    """
    with public_context():
        failures = cache.get(FAILURES)
        if failures and not cache.add(PAUSED, 1, timeout=_pause(failures)):
            raise MailServerAwayError("The mail server is left alone for now.")
    deadline = time.monotonic() + QUEUE_PATIENCE
    while settings.OUTBOX_RATE and (wait := rate_limits.pace("outbox", settings.OUTBOX_RATE)):
        if time.monotonic() + wait > deadline:
            raise MailServerAwayError("It takes no more e-mails for now.")
        time.sleep(wait)
    return bool(failures)


def capacity(most: int, *, seconds: float) -> int:
    """Return how many messages the server may take in so many seconds, `most` at most."""
    with public_context():
        if cache.get(FAILURES):
            return 0 if cache.get(PAUSED) else 1
    if not settings.OUTBOX_RATE:
        return most
    return max(1, min(most, int(rate_limits.per_second(settings.OUTBOX_RATE) * seconds)))


@contextmanager
def conversation() -> Iterator[None]:
    """Update the circuit breaker by the error of an e-mail that is sent in the block."""
    try:
        yield
    except Exception as error:
        if is_away(error):
            note_failure(error)
        elif isinstance(error, SMTPRecipientsRefused | SMTPDataError) or _status(error) is not None:
            # It is an answer to this e-mail: the server is there.
            note_answer()
        raise


def note_answer() -> None:
    """Close the circuit breaker: the server answers, even if it refuses this e-mail."""
    with public_context():
        if cache.get(FAILURES):
            logger.warning("The mail server is back.")
            cache.delete_many([FAILURES, PAUSED])


def note_failure(error: Exception) -> None:
    """Open the circuit breaker, longer each time: the server is away, or refuses all e-mails."""
    with public_context():
        failures = (cache.get(FAILURES) or 0) + 1
        cache.set(FAILURES, failures, timeout=MEMORY)
        cache.set(PAUSED, 1, timeout=_pause(failures))
    logger.warning("The mail server is away (%s).", type(error).__name__)


def is_refusal(error: Exception) -> bool:
    """Whether this e-mail is refused permanently: another attempt would be refused, too."""
    if isinstance(error, SMTPRecipientsRefused):
        return min(_codes(error), default=0) >= REFUSED
    if isinstance(error, SMTPDataError):
        return error.smtp_code >= REFUSED
    return type(error).__name__ == "AnymailRecipientsRefused" or _status(error) in UNACCEPTABLE


def is_away(error: Exception) -> bool:
    """Whether any other e-mail would fail now, too: no connection, or all are refused."""
    if isinstance(error, SMTPRecipientsRefused):
        return HANGS_UP in _codes(error)
    if isinstance(error, SMTPDataError):
        return bool(error.smtp_code == HANGS_UP)
    if (status := _status(error)) is not None:
        return status not in UNACCEPTABLE
    # All errors of smtplib are OSErrors: no connection, no greeting, sender or login refused.
    return isinstance(error, OSError)


def _codes(error: SMTPRecipientsRefused) -> list[int]:
    return [code for code, _said in error.recipients.values()]


def _status(error: Exception) -> int | None:
    """Return the HTTP status of a provider's answer, as anymail's errors carry it."""
    status: int | None = getattr(error, "status_code", None)
    return status


def _pause(failures: int) -> float:
    """Return how many seconds to pause after so many failures."""
    return backoff.delay(failures, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
