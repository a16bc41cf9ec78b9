"""From the outbox to the mail server: claim a message, send it, record what became of it.

At least once: the attempt is recorded before the send and the success after it, so only a
process that dies in between can send a letter twice, under one Message-ID.
"""

import logging
import random
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Case, Value, When
from django.utils import timezone

from tasks import mail, mailserver, turns
from tasks.errors import (
    AttemptsUsedUpError,
    MailServerAwayError,
    PayloadGoneError,
    RateLimitedError,
    TenantUnknownError,
)
from tasks.lines import Line
from tasks.models import Message
from tasks.workspace import current_schema

logger = logging.getLogger(__name__)

# Longer than a task may run, so that a claim outlives nobody but the dead.
LEASE = timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + 60)
# How long a suspended tenant's messages wait before they are looked at again.
HOLD = timedelta(minutes=15)
# How long a message that is handed out is left to whoever took it.
HANDED_OUT = timedelta(seconds=30)
# How many letters somebody takes at once, and for how many seconds before others have their turn.
HANDFUL = 20
TURN = 3.0
BATCH = 500
# What one run of the pruning takes at most, so that it ends well within a task's time.
PRUNED_BATCHES = 40
# Seconds between the tries to note a success: half a minute in all, well within a task's time.
UNTIL_RECORDED = (1, 2, 4, 8, 15)
# Trying again can't help: what the letter is about is gone.
PERMANENT = (PayloadGoneError, ObjectDoesNotExist, TenantUnknownError)

State = Message.State


def deliver(pk: str, *, write: Callable[[Message], mail.Letter], line: Line) -> None:
    """Send one message of this schema: whoever comes while it is claimed or done does nothing."""
    message = Message.objects.of_schema(current_schema()).filter(pk=pk).first()
    if message and claim(message) and attempt(message, write=write, line=line):
        record_sent(message)


def attempt(message: Message, *, write: Callable[[Message], mail.Letter], line: Line) -> bool:
    """Send a message that is claimed; whether it is sent, which the caller notes.

    What else becomes of it is noted here. Raises `MailServerAwayError` when the server would
    take no other one either.
    """
    if message.attempts > settings.OUTBOX_MAX_ATTEMPTS:
        give_up(message, AttemptsUsedUpError())
        return False
    try:
        refuse_expired(message)
        is_in_doubt = mailserver.ask_leave()
        mail.send(message, write(message), line)
    except PERMANENT as error:
        bury(message, error)
    except MailServerAwayError:
        put_back(message)
        raise
    except RateLimitedError as error:
        wait_for_the_reader(message, timedelta(seconds=error.retry_after))
    except Exception as error:  # noqa: BLE001  # Whatever fails, the message must be tried again.
        postpone(message, error)
    else:
        if is_in_doubt:
            mailserver.note_answer()
        return True
    return False


def claim(message: Message, *, sent: Message | None = None) -> bool:
    """Take a message that is due, for one lease; whether nobody else has it or had it.

    What was `sent` before is noted in the same statement, so that a letter costs one commit:
    the next one isn't begun before it is certain that this one stays sent.
    """
    now = timezone.now()
    claimed = Message.objects.claim(message, now=now, until=now + LEASE, sent=sent)
    if sent:
        _say_sent(sent)
    if claimed:
        message.state, message.due_at = State.SENDING, now + LEASE
        message.attempts += 1
    return claimed


def record_sent(message: Message) -> None:
    """Note the success, and erase what must not be kept.

    While the database is away it waits for it: what is sent and not noted is sent once more.
    """
    for wait in UNTIL_RECORDED:
        try:
            return _record_sent(message)
        except (OperationalError, InterfaceError) as error:
            logger.warning("Can't note that %s is sent yet: %s", message.pk, type(error).__name__)
            connection.close()
            time.sleep(wait)
    return _record_sent(message)


def _record_sent(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(
        state=State.SENT, sent_at=timezone.now(), payload=None, last_error=""
    )
    _say_sent(message)


def _say_sent(message: Message) -> None:
    logger.info("Sent %s %s at attempt %d.", message.kind, message.pk, message.attempts)


def postpone(message: Message, error: Exception) -> None:
    """Try again later, each time after twice the wait, up to the longest.

    Gives up at once when the letter is refused for good, and after the last attempt.
    """
    if mailserver.is_refusal(error) or message.attempts >= settings.OUTBOX_MAX_ATTEMPTS:
        give_up(message, error)
        return
    doubled = settings.OUTBOX_FIRST_RETRY_SECONDS * 2.0 ** (message.attempts - 1)
    wait = min(doubled, settings.OUTBOX_LONGEST_RETRY_SECONDS)
    jittered = timedelta(seconds=wait * random.uniform(0.8, 1.2))  # noqa: S311  # No secret.
    Message.objects.filter(pk=message.pk).update(
        state=State.FAILED, due_at=timezone.now() + jittered, last_error=_said(error)
    )
    logger.warning("Could not send %s %s: %s", message.kind, message.pk, type(error).__name__)


def refuse_expired(message: Message) -> None:
    """Raise `PayloadGoneError` when what the letter carries is worth nothing any more."""
    if message.expires_at and message.expires_at <= timezone.now():
        raise PayloadGoneError("The payload has expired.")


def wait_for_the_reader(message: Message, wait: timedelta) -> None:
    """Let a message wait whose reader gets too many, unless it would expire by then."""
    if message.expires_at and message.expires_at <= timezone.now() + wait:
        bury(message, PayloadGoneError("It expires before its reader may get it."))
        return
    hold(str(message.pk), wait)
    Message.objects.filter(pk=message.pk).update(attempts=message.attempts - 1)


def put_back(message: Message) -> None:
    """Leave a message to a later sweep, as if nobody had claimed it."""
    Message.objects.filter(pk=message.pk, state=State.SENDING).update(
        state=State.FAILED if message.last_error else State.PENDING,
        attempts=message.attempts - 1,
        due_at=timezone.now(),
    )


def bury(message: Message, error: Exception) -> None:
    """Give a message up for good, and erase its payload: what it is about is gone."""
    give_up(message, error, payload=None)


def give_up(message: Message, error: Exception, **erased: None) -> None:
    """Let a message be: it stays visible, and an operator can send it again.

    A secret in it lives no longer than it would have waiting: until it expires.
    """
    undelivered = Message.objects.filter(pk=message.pk, state__in=State.undelivered())
    undelivered.update(state=State.DEAD, last_error=_said(error), **erased)
    logger.error("Gave up %s %s: %s", message.kind, message.pk, type(error).__name__)


def hold(pk: str, wait: timedelta = HOLD) -> None:
    """Let a message wait without counting an attempt against it."""
    Message.objects.filter(pk=pk, state__in=State.undelivered()).update(
        state=State.FAILED, due_at=timezone.now() + wait
    )


def hand_out() -> list[Message]:
    """Return some messages that are due, each given to the caller alone for a while.

    Each tenant in turn, those first whose secret expires first: nobody's thousand welcomes
    stand before another's code. As many as the mail server takes in a turn.
    """
    now, capacity = timezone.now(), mailserver.capacity(HANDFUL, seconds=TURN)
    with transaction.atomic():
        messages = turns.take(now, capacity)
        Message.objects.filter(pk__in=[message.pk for message in messages]).update(
            state=State.PENDING, due_at=now + HANDED_OUT
        )
    return messages


def take_back(messages: Iterable[Message]) -> None:
    """Leave what was handed out and hasn't been tried to whoever comes next."""
    untouched = Message.objects.filter(pk__in=[each.pk for each in messages], state=State.PENDING)
    has_failed = Case(When(last_error="", then=Value(State.PENDING)), default=Value(State.FAILED))
    untouched.update(state=has_failed, due_at=timezone.now())


def erase_expired() -> int:
    """Erase payloads past their expiry; what was not sent by then is dead. Count them."""
    expired = Message.objects.expired(timezone.now())
    expired.filter(state__in=State.undelivered()).update(
        state=State.DEAD, last_error="Expired before it could be sent."
    )
    return expired.update(payload=None)


def prune() -> int:
    """Remove letters that were sent or given up long ago, a batch at a time. Count them."""
    before = timezone.now() - timedelta(days=settings.LETTERS_KEPT_DAYS)
    removed = 0
    for _turn in range(PRUNED_BATCHES):
        keys = list(Message.objects.done_before(before).values_list("pk", flat=True)[:BATCH])
        removed += Message.objects.done_before(before).filter(pk__in=keys).delete()[0]
        if len(keys) < BATCH:
            break
    return removed


def _said(error: Exception) -> str:
    """Return the error's kind and reply code alone: its text may quote an address."""
    code = getattr(error, "smtp_code", None)
    if isinstance(error, SMTPRecipientsRefused):
        code = next((reply for reply, _text in error.recipients.values()), None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
