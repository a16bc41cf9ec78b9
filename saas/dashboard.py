"""Health at a glance: the operators' first page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from saas import health
from tasks import vitals
from tenants import spares
from tenants.models import DirectoryEntry, Tenant

DAYS = 14
MINUTE = timedelta(minutes=1)
# The height of the tallest bar, in the chart's own units.
TALLEST = 40
# Beat asks for a sweep far more often than this.
SWEEP_IS_LATE = max(
    MINUTE, timedelta(seconds=6 * settings.CELERY_BEAT_SCHEDULE["relay-the-outbox"]["schedule"])
)


@dataclass(frozen=True)
class Sign:
    """One sign of life, with what is known about it."""

    name: str
    is_well: bool
    note: str


@dataclass(frozen=True)
class Bar:
    """One day's sign-ups, as a bar of the chart."""

    day: date
    count: int
    x: int
    height: int

    @property
    def y(self) -> int:
        return TALLEST - self.height


def overview(_request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the page shows. Each question is bounded: none waits for who is away."""
    redis = health.passes(health.redis_answers)
    return {
        **context,
        "title": _("Health"),
        "signs": [
            _sign(_("Database"), health.database_answers),
            Sign(_("Redis"), redis, "" if redis else _("No answer")),
            _sign(_("Migrations"), health.is_migrated, _("Not all are applied")),
            _worker(),
            _sweep(redis_is_there=redis),
        ],
        "backlog": vitals.backlog(),
        "pool": spares.pool(),
        "tenants": _tenants(),
        "bars": _bars(_opened_by_day()),
        "newest": list(Tenant.objects.with_people_count().order_by("-created_at")[:6]),
    }


def _sign(name: str, check: Callable[[], bool], otherwise: str = "") -> Sign:
    is_well = health.passes(check)
    return Sign(name, is_well, "" if is_well else otherwise or _("No answer"))


def _worker() -> Sign:
    answers = vitals.worker_answers()
    return Sign(_("Worker"), answers, "" if answers else _("None answers"))


def _sweep(*, redis_is_there: bool) -> Sign:
    """Beat, queue and worker together: a sweep comes through all three."""
    last = vitals.last_sweep() if redis_is_there else None
    if last is None:
        return Sign(_("Last sweep"), is_well=False, note=_("Unknown"))
    age = timezone.now() - last
    note = _("%(time)s ago") % {"time": timesince(last)} if age >= MINUTE else _("Just now")
    return Sign(_("Last sweep"), age < SWEEP_IS_LATE, note)


def _tenants() -> dict[str, int]:
    now = timezone.now()
    since = {name: now - timedelta(days=days) for name, days in (("week", 7), ("month", 30))}
    return {
        "active": Tenant.objects.open().count(),
        "suspended": Tenant.objects.suspended().count(),
        "people": DirectoryEntry.objects.count(),
        **{k: Tenant.objects.filter(created_at__gte=moment).count() for k, moment in since.items()},
    }


def _opened_by_day() -> dict[date, int]:
    first = timezone.localdate() - timedelta(days=DAYS - 1)
    recent = Tenant.objects.filter(created_at__date__gte=first).order_by()
    by_day = recent.annotate(day=TruncDate("created_at")).values_list("day")
    counts = dict(by_day.annotate(count=Count("pk")))
    days = [first + timedelta(days=number) for number in range(DAYS)]
    return {day: counts.get(day, 0) for day in days}


def _bars(counts: dict[date, int]) -> list[Bar]:
    most = max(*counts.values(), 1)
    return [
        Bar(day, count, x=number * 10, height=round(count / most * TALLEST))
        for number, (day, count) in enumerate(counts.items())
    ]
