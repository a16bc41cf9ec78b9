"""The operators' first page: health checks, backlog, schema pool, sign-ups, apps' panels."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from operations import health
from operations.panels import OperatorPanel, operator_panels
from tasks import metrics
from tenancy import schema_pool
from tenants.models import DirectoryEntry, Tenant

logger = logging.getLogger(__name__)

DAYS = 14
MINUTE = timedelta(minutes=1)
# Height of the tallest bar, in the chart's units.
TALLEST = 40
# Six times beat's interval between sweeps, one minute at least.
SWEEP_IS_LATE = max(
    MINUTE, timedelta(seconds=6 * settings.CELERY_BEAT_SCHEDULE["relay-the-outbox"]["schedule"])
)


@dataclass(frozen=True)
class HealthCheck:
    """The result of one health check, with a note."""

    name: str
    is_ok: bool
    note: str


@dataclass(frozen=True)
class SignUpBar:
    """One day's sign-ups, as a bar of the chart."""

    day: date
    count: int
    x: int
    height: int

    @property
    def y(self) -> int:
        return TALLEST - self.height


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the page's figures. Each check is bounded: none waits for an unavailable server."""
    redis = health.passes(health.redis_answers)
    worker = metrics.worker_answers()
    now = timezone.now()
    tenants = Tenant.objects.all()
    return {
        **context,
        "title": _("Health"),
        "checks": [
            _check(_("Database"), health.database_answers),
            HealthCheck(_("Redis"), redis, "" if redis else _("No answer")),
            _check(_("Migrations"), health.is_migrated, _("Not all are applied")),
            HealthCheck(_("Worker"), worker, "" if worker else _("No answer")),
            _sweep(redis_is_there=redis),
        ],
        "backlog": metrics.backlog(),
        "pool": schema_pool.pool(),
        "tenants": {
            "active": Tenant.objects.open().count(),
            "suspended": Tenant.objects.suspended().count(),
            "people": DirectoryEntry.objects.count(),
            "week": tenants.filter(created_at__gte=now - timedelta(days=7)).count(),
            "month": tenants.filter(created_at__gte=now - timedelta(days=30)).count(),
        },
        "panels": [_panel(panel, request) for panel in operator_panels],
        "bars": _bars(),
        "newest": list(Tenant.objects.with_people_count().order_by("-created_at")[:6]),
    }


def _panel(panel: OperatorPanel, request: HttpRequest) -> dict[str, Any]:
    """Return an app's panel: its HTML, or None after an error, which must not hide the figures."""
    budget = nullcontext() if settings.PRODUCTION else _at_most(panel.max_queries)
    try:
        with transaction.atomic(), budget:
            content = panel.context(request)
            html = "" if content is None else render_to_string(panel.template, {**content}, request)
    except Exception:
        logger.exception("The panel %s failed.", panel.name)
        html = None
    return {"name": panel.name, "width": panel.width, "html": html}


def _at_most(queries: int) -> AbstractContextManager[None]:
    """Raise `RuntimeError` for a query too many in the block."""
    left = iter(range(queries))

    def count(execute: Callable[..., Any], *statement: Any) -> Any:
        if next(left, None) is None:
            raise RuntimeError(f"It runs more than its {queries} queries.")
        return execute(*statement)

    return connection.execute_wrapper(count)


def _check(name: str, check: Callable[[], bool], otherwise: str = "") -> HealthCheck:
    is_ok = health.passes(check)
    return HealthCheck(name, is_ok, "" if is_ok else otherwise or _("No answer"))


def _sweep(*, redis_is_there: bool) -> HealthCheck:
    """Check beat, queue and worker together: a sweep passes through all three."""
    last = metrics.last_sweep() if redis_is_there else None
    if last is None:
        return HealthCheck(_("Last sweep"), is_ok=False, note=_("Unknown"))
    age = timezone.now() - last
    note = _("%(time)s ago") % {"time": timesince(last)} if age >= MINUTE else _("Just now")
    return HealthCheck(_("Last sweep"), age < SWEEP_IS_LATE, note)


def _bars() -> list[SignUpBar]:
    first = timezone.localdate() - timedelta(days=DAYS - 1)
    recent = Tenant.objects.filter(created_at__date__gte=first).order_by()
    by_day = recent.annotate(day=TruncDate("created_at")).values_list("day")
    counts = dict(by_day.annotate(count=Count("pk")))
    days = [first + timedelta(days=number) for number in range(DAYS)]
    most = max([1, *counts.values()])
    return [
        SignUpBar(day, count, x=number * 10, height=round(count / most * TALLEST))
        for number, day in enumerate(days)
        for count in [counts.get(day, 0)]
    ]
