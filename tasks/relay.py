"""The relay from the outbox to the mail server: claim a message, send it, record the result.

Delivery is at least once: the attempt is recorded before the send and the success after it, so
only a process that dies in between can cause a second e-mail, with the same Message-ID.
"""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Case, Value, When
from django.utils import timezone

from tasks import fair_queue, mail, mailserver
from tasks.errors import AttemptsUsedUpError, MailServerAwayError, PayloadGoneError
from tasks.models import Message
from tasks.smtp import SmtpConnection
from tenancy import backoff
from tenancy.errors import RateLimitedError, TenantUnknownError

logger = logging.getLogger(__name__)

# Longer than a task may run, so that a lease expires only after its process is dead.
LEASE = timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + 60)
# How long a suspended tenant's messages wait before the next check.
HOLD = timedelta(minutes=15)
# The lease of a message in a batch, until it is claimed.
BATCH_LEASE = timedelta(seconds=30)
# Messages in a batch, and seconds that a run of the worker loop takes before other tasks run.
BATCH_SIZE = 20
RUN_SECONDS = 3.0
BATCH = 500
# Batches of one run of `prune` at most, so that it ends well within a task's time limit.
PRUNED_BATCHES = 40
# Seconds between attempts to record a success: 30 in all, well within a task's time limit.
UNTIL_RECORDED = (1, 2, 4, 8, 15)
# A retry can't succeed: what the e-mail is about is gone, or its address can't be sent to.
PERMANENT = (PayloadGoneError, ObjectDoesNotExist, TenantUnknownError, ValidationError)

State = Message.State


def attempt(
    message: Message, *, write: Callable[[Message], mail.EmailContent], smtp: SmtpConnection
) -> bool:
    """Send a claimed message; return whether it is sent, which the caller records.

    Any other result is recorded here. Raises `MailServerAwayError` when the server would take
    no other message either.
    """
    if message.attempts > settings.OUTBOX_MAX_ATTEMPTS:
        give_up(message, AttemptsUsedUpError())
        return False
    try:
        refuse_expired(message)
        is_in_doubt = mailserver.wait_until_allowed()
        mail.send(message, write(message), smtp)
    except PERMANENT as error:
        fail_permanently(message, error)
    except MailServerAwayError:
        abort_attempt(message)
        raise
    except RateLimitedError as error:
        wait_for_the_reader(message, timedelta(seconds=error.retry_after))
    except Exception as error:  # noqa: BLE001  # After any error, the message must be retried.
        postpone(message, error)
    else:
        if is_in_doubt:
            mailserver.note_answer()
        return True
    return False


def claim(message: Message, *, sent: Message | None = None) -> bool:
    """Claim a due message for one lease; return False if another process has or had it.

    The message `sent` before it is recorded in the same statement, so that a message costs one
    commit: no send begins before the success of the last one is committed.
    """
    now = timezone.now()
    claimed = Message.objects.claim(message, now=now, until=now + LEASE, sent=sent)
    if sent:
        _log_sent(sent)
    if claimed:
        message.state, message.due_at = State.SENDING, now + LEASE
        message.attempts += 1
    return claimed


def record_sent(message: Message) -> None:
    """Record the success, and erase the payload.

    Retries while the database is away: a message that is sent and not recorded is sent again.
    """
    for wait in UNTIL_RECORDED:
        try:
            return _record_sent(message)
        except (OperationalError, InterfaceError) as error:
            logger.warning("Can't record yet that %s is sent: %s", message.pk, type(error).__name__)
            connection.close()
            time.sleep(wait)
    return _record_sent(message)


def _record_sent(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(
        state=State.SENT, sent_at=timezone.now(), payload=None, last_error=""
    )
    _log_sent(message)


def _log_sent(message: Message) -> None:
    logger.info("Sent %s %s at attempt %d.", message.kind, message.pk, message.attempts)


def postpone(message: Message, error: Exception) -> None:
    """Retry later, with exponential back-off up to the longest wait.

    Gives up at once when the e-mail is refused permanently, and after the last attempt.
    """
    if mailserver.is_refusal(error) or message.attempts >= settings.OUTBOX_MAX_ATTEMPTS:
        give_up(message, error)
        return
    wait = backoff.delay(
        message.attempts,
        first=settings.OUTBOX_FIRST_RETRY_SECONDS,
        longest=settings.OUTBOX_LONGEST_RETRY_SECONDS,
    )
    due_at = timezone.now() + timedelta(seconds=wait)
    Message.objects.filter(pk=message.pk).update(
        state=State.FAILED, due_at=due_at, last_error=_said(error)
    )
    logger.warning("Could not send %s %s: %s", message.kind, message.pk, type(error).__name__)


def refuse_expired(message: Message) -> None:
    """Raise `PayloadGoneError` when the message has expired."""
    if message.expires_at and message.expires_at <= timezone.now():
        raise PayloadGoneError("The payload has expired.")


def wait_for_the_reader(message: Message, wait: timedelta) -> None:
    """Hold a message for a recipient with too many e-mails; fail it if it expires by then."""
    if message.expires_at and message.expires_at <= timezone.now() + wait:
        fail_permanently(message, PayloadGoneError("It expires before its reader may get it."))
        return
    hold(str(message.pk), wait)
    Message.objects.filter(pk=message.pk).update(attempts=message.attempts - 1)


def abort_attempt(message: Message) -> None:
    """Leave a message to a later sweep, as if it had not been claimed."""
    Message.objects.filter(pk=message.pk, state=State.SENDING).update(
        state=State.FAILED if message.last_error else State.PENDING,
        attempts=message.attempts - 1,
        due_at=timezone.now(),
    )


def fail_permanently(message: Message, error: Exception) -> None:
    """Mark a message as dead, and erase its payload: what it is about is gone."""
    give_up(message, error, payload=None)


def give_up(message: Message, error: Exception, **erased: None) -> None:
    """Mark a message as dead: it stays visible, and an operator can send it again.

    Its payload, unless it is `erased`, is kept until it expires.
    """
    undelivered = Message.objects.filter(pk=message.pk, state__in=State.undelivered())
    undelivered.update(state=State.DEAD, last_error=_said(error), **erased)
    logger.error("Gave up %s %s: %s", message.kind, message.pk, type(error).__name__)


def hold(pk: str, wait: timedelta = HOLD) -> None:
    """Defer a message without counting an attempt."""
    Message.objects.filter(pk=pk, state__in=State.undelivered()).update(
        state=State.FAILED, due_at=timezone.now() + wait
    )


def lease_batch() -> list[Message]:
    """Lease due messages to the caller, as many as the mail server takes in one run.

    Tenants alternate, and secrets that expire first come first: a tenant's thousand welcomes
    don't delay another tenant's code.
    """
    now, capacity = timezone.now(), mailserver.capacity(BATCH_SIZE, seconds=RUN_SECONDS)
    with transaction.atomic():
        messages = fair_queue.take(now, capacity)
        Message.objects.filter(pk__in=[message.pk for message in messages]).update(
            state=State.PENDING, due_at=now + BATCH_LEASE
        )
    return messages


def release_batch(messages: Iterable[Message]) -> None:
    """End the leases of the messages that were not tried: they are due at once."""
    untouched = Message.objects.filter(pk__in=[each.pk for each in messages], state=State.PENDING)
    has_failed = Case(When(last_error="", then=Value(State.PENDING)), default=Value(State.FAILED))
    untouched.update(state=has_failed, due_at=timezone.now())


def erase_expired() -> int:
    """Erase payloads past their expiry; what was not sent by then is dead. Return how many."""
    expired = Message.objects.expired(timezone.now())
    expired.filter(state__in=State.undelivered()).update(
        state=State.DEAD, last_error="Expired before it could be sent."
    )
    return expired.update(payload=None)


def prune() -> int:
    """Delete messages that were sent or given up long ago, in batches. Return how many."""
    before = timezone.now() - timedelta(days=settings.MESSAGES_KEPT_DAYS)
    removed = 0
    for _batch in range(PRUNED_BATCHES):
        keys = list(Message.objects.done_before(before).values_list("pk", flat=True)[:BATCH])
        removed += Message.objects.done_before(before).filter(pk__in=keys).delete()[0]
        if len(keys) < BATCH:
            break
    return removed


def _said(error: Exception) -> str:
    """Return the error's type and reply code alone: its text may quote an address."""
    code = getattr(error, "smtp_code", None)
    if isinstance(error, SMTPRecipientsRefused):
        code = next((reply for reply, _text in error.recipients.values()), None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
