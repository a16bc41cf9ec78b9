"""Metrics of delivery: whether a worker answers, beat's last sweep, and the outbox's backlog."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Min
from django.utils import timezone

from tasks.models import Message
from tenancy import broker, circuit_breaker
from tenancy.context import public_context

logger = logging.getLogger(__name__)

LAST_SWEEP = "vitals:last-sweep"
# Seconds: the timeout of each step, as a page waits for it.
PATIENCE = settings.CONTROL_PING_SECONDS

State = Message.State


@dataclass(frozen=True)
class Backlog:
    """The outbox's counts: `overdue_since` is when its oldest due message became due."""

    waiting: int
    sending: int
    failed: int
    dead: int
    sent_today: int
    overdue_since: datetime | None


def backlog() -> Backlog:
    """Count the outbox by indexes alone: it may hold millions of sent messages."""
    now = timezone.now()
    undelivered = Message.objects.filter(state__in=State.undelivered()).order_by()
    counts = dict(undelivered.values_list("state").annotate(count=Count("pk")))
    newest = Message.objects.filter(created_at__gte=now - timedelta(days=1))
    return Backlog(
        waiting=counts.get(State.PENDING, 0),
        sending=counts.get(State.SENDING, 0),
        failed=counts.get(State.FAILED, 0),
        dead=Message.objects.dead().count(),
        sent_today=newest.filter(state=State.SENT).count(),
        overdue_since=Message.objects.due(now).aggregate(oldest=Min("due_at"))["oldest"],
    )


def record_sweep() -> None:
    """Record that a sweep has passed beat, queue and worker."""
    with public_context():
        cache.set(LAST_SWEEP, timezone.now(), timeout=None)


def last_sweep() -> datetime | None:
    """Return when the last sweep ran; None if that isn't recorded."""
    with public_context():
        found: datetime | None = cache.get(LAST_SWEEP)
    return found


def worker_answers() -> bool:
    """Whether a worker answers through the broker, within `PATIENCE`.

    A broker that is away counts as no answer; its circuit breaker spares the next call the wait.
    """
    if not circuit_breaker.broker().allows():
        return False
    try:
        with (
            circuit_breaker.broker().watching(*broker.AWAY),
            broker.connection(PATIENCE) as connection,
        ):
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE)
            return bool(current_app.control.ping(timeout=PATIENCE, limit=1, connection=connection))
    except broker.AWAY as error:
        logger.warning("No worker could be asked: %s", type(error).__name__)
        return False
