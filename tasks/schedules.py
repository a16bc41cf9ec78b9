"""Schedules: tasks that run once a local day in each tenant, as apps declare them.

A row for each tenant and schedule has the day that it is due for next, and when. A run is at least
once for its day: a process that dies within a run has it tried again.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tasks.models import ScheduledRun
from tenancy import backoff
from tenancy.context import Workspace, current_schema, current_workspace
from tenancy.registry import Registry
from tenancy.task_base import TenantTask

logger = logging.getLogger(__name__)

HOUR_SECONDS = 3600
DAY = timedelta(days=1)
# Runs that one call of beat's task sends to the queue at most.
BATCH = 200
# How long a run that was sent may wait in the queue. Then it is sent again.
QUEUE_LEASE = timedelta(minutes=10)
# Longer than a task may run, so that the lease expires only after its process is dead.
RUN_LEASE = timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + 60)
# Attempts of one day's run, and the seconds between them: doubled from the first to the longest.
MAX_ATTEMPTS = 5
FIRST_RETRY, LONGEST_RETRY = 60.0, 3600.0
# How long the rows of a schedule that no app declares any more are kept.
UNDECLARED_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Schedule:
    """A task that runs once a local day in each tenant, within an hour of its time zone.

    `task` is a Celery task without arguments, based on `TenantTask`. It should be idempotent: a
    run that fails is tried `MAX_ATTEMPTS` times, one whose process dies as well. `hour` is from 0
    to 23; the tenant's schema and the name decide on the second within it, so that tenants don't
    run at once. Where the clock skips the hour, the run follows it; where the clock repeats it,
    the first one counts.

    Days that were missed, as the service was down, are made up for by one run. Those of a
    suspended tenant are left out.
    """

    name: str
    task: TenantTask
    hour: int = 3
    position: int = 100


schedules: Registry[Schedule] = Registry("schedule")


def due_at(schedule: Schedule, day: date, workspace: Workspace) -> datetime:
    """Return when a tenant's run for a local day is due, in UTC."""
    digest = sha256(f"{workspace.schema_name} {schedule.name}".encode()).digest()
    within = timedelta(seconds=int.from_bytes(digest[:4], "big") % HOUR_SECONDS)
    # The sum is of wall clock time. Of an hour that is skipped, the offset before it holds.
    local = datetime.combine(day, time(schedule.hour), workspace.zone) + within
    return local.astimezone(UTC)


def plan(schedule: Schedule, workspaces: Iterable[Workspace]) -> int:
    """Plan the first runs of a schedule in tenants that have none. Idempotent. Return how many."""
    now = timezone.now()
    first = [(each.schema_name, *_next(schedule, each, now)) for each in workspaces]
    runs = [
        ScheduledRun(schema_name=schema_name, name=schedule.name, day=day, due_at=moment)
        for schema_name, day, moment in first
    ]
    ScheduledRun.objects.bulk_create(runs, batch_size=500, ignore_conflicts=True)
    return len(runs)


def replan() -> None:
    """Move the current tenant's next runs to its time zone, but for one that is being tried."""
    workspace = current_workspace()
    for run in _mine().filter(attempts=0):
        if run.name in schedules:
            moment = due_at(schedules[run.name], run.day, workspace)
            _mine().filter(pk=run.pk, day=run.day, attempts=0).update(due_at=moment)


def forget_undeclared() -> None:
    """Delete the rows of schedules that no app has declared for a week."""
    before = timezone.now() - UNDECLARED_KEPT
    declared = [schedule.name for schedule in schedules]
    ScheduledRun.objects.exclude(name__in=declared).filter(due_at__lt=before).delete()


def lease_due() -> list[ScheduledRun]:
    """Lease runs that are due to the caller, the oldest first; `BATCH` at most.

    Costs one query by an index when none is due.
    """
    now = timezone.now()
    declared = [schedule.name for schedule in schedules]
    with transaction.atomic():
        due = ScheduledRun.objects.filter(name__in=declared, due_at__lte=now).order_by("due_at")
        leased = list(due.select_for_update(skip_locked=True)[:BATCH])
        ids = [run.pk for run in leased]
        ScheduledRun.objects.filter(pk__in=ids).update(due_at=now + QUEUE_LEASE)
    return leased


def skip(run: ScheduledRun, workspace: Workspace, reason: str) -> None:
    """Leave a day's run out."""
    logger.warning("Left out %s for %s: %s", run.name, run.day, reason)
    _finish(run, workspace, last_error=reason)


def run(*, name: str, day: date, attempt: int) -> None:
    """Run a schedule's task in the current tenant, if this is its next attempt for the day.

    An error is recorded, and the run is tried again later.
    """
    found = _mine().filter(name=name, day=day, attempts=attempt).first()
    # A newer release's schedule has workers of its own.
    if found is None or name not in schedules or not _claim(found):
        return
    try:
        schedules[name].task.run()
    except Exception as error:  # noqa: BLE001  # After any error, the run must be tried again.
        _postpone(found, error)
    else:
        _finish(found, current_workspace(), last_error="", ran_at=timezone.now())


def _claim(run: ScheduledRun) -> bool:
    """Count an attempt, unless another process has done so."""
    same = ScheduledRun.objects.filter(pk=run.pk, day=run.day, attempts=run.attempts)
    run.attempts += 1
    return bool(same.update(attempts=run.attempts, due_at=timezone.now() + RUN_LEASE))


def _postpone(run: ScheduledRun, error: Exception) -> None:
    """Try a run again later, or with the next day's after the last attempt."""
    reason = type(error).__name__
    if run.attempts >= MAX_ATTEMPTS:
        logger.error("Gave up %s for %s.", run.name, run.day, exc_info=error)
        _finish(run, current_workspace(), last_error=reason)
        return
    logger.warning("%s failed for %s.", run.name, run.day, exc_info=error)
    wait = backoff.delay(run.attempts, first=FIRST_RETRY, longest=LONGEST_RETRY)
    _tried(run, due_at=timezone.now() + timedelta(seconds=wait), last_error=reason)


def _finish(run: ScheduledRun, workspace: Workspace, **changes: object) -> None:
    """Plan the run of the next day that is still to come."""
    day, moment = _next(schedules[run.name], workspace, timezone.now(), after=run.day)
    _tried(run, day=day, due_at=moment, attempts=0, **changes)


def _tried(run: ScheduledRun, **changes: object) -> None:
    same = ScheduledRun.objects.filter(pk=run.pk, day=run.day, attempts=run.attempts)
    same.update(**changes)


def _next(
    schedule: Schedule, workspace: Workspace, now: datetime, after: date | None = None
) -> tuple[date, datetime]:
    """Return the first day whose moment is still to come, later than `after`, and the moment."""
    day = now.astimezone(workspace.zone).date()
    if after and after >= day:
        day = after + DAY
    if due_at(schedule, day, workspace) <= now:
        day += DAY
    return day, due_at(schedule, day, workspace)


def _mine() -> QuerySet[ScheduledRun]:
    """The current tenant's rows, which are all that its role sees."""
    return ScheduledRun.objects.filter(schema_name=current_schema())
