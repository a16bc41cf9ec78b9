"""Whether letters move: the worker, beat's last sweep, and what waits in the outbox."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Min
from django.utils import timezone

from tasks import breakers, brokers
from tasks.models import Message
from tasks.workspace import public_context

logger = logging.getLogger(__name__)

LAST_SWEEP = "vitals:last-sweep"
# Whoever looks at a page waits no longer than this for each answer.
PATIENCE = settings.CONTROL_PING_SECONDS

State = Message.State


@dataclass(frozen=True)
class Backlog:
    """What the outbox holds: `overdue_since` is when its oldest letter's turn came."""

    waiting: int
    sending: int
    failed: int
    dead: int
    sent_today: int
    overdue_since: datetime | None


def backlog() -> Backlog:
    """Count the outbox, by indexes alone: it may hold millions that were sent."""
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
    """Remember that a sweep has come through beat, queue and worker."""
    with public_context():
        cache.set(LAST_SWEEP, timezone.now(), timeout=None)


def last_sweep() -> datetime | None:
    """Return when the last sweep ran; None when nobody remembers."""
    with public_context():
        found: datetime | None = cache.get(LAST_SWEEP)
    return found


def worker_answers() -> bool:
    """Whether some worker answers through the broker, within `PATIENCE`.

    A broker that is away counts as no answer, and keeps nobody waiting who asks once more.
    """
    if not breakers.broker().allows():
        return False
    try:
        with (
            breakers.broker().watching(*brokers.AWAY),
            brokers.connection(PATIENCE) as connection,
        ):
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE)
            return bool(current_app.control.ping(timeout=PATIENCE, limit=1, connection=connection))
    except brokers.AWAY as error:
        logger.warning("No worker could be asked: %s", type(error).__name__)
        return False
