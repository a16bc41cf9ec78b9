"""Beat's tasks: they notify and delete unverified tenants, delete expired rows, plan schedules.

A dispatcher reads the shared tables only, and starts one task for each tenant.
"""

from datetime import timedelta
from typing import cast

from celery import shared_task
from django.utils import timezone

from accounts.retention.services import prune
from tasks import schedules
from tenancy.context import current_workspace, public_context
from tenancy.task_base import PublicTask, TenantTask
from tenants.lifecycle import unverified
from tenants.lifecycle.models import QuarantinedSubdomain
from tenants.organisations.models import Tenant
from tenants.roles import OPERATOR

BATCH = 50
# A day is divided into intervals of five minutes; each tenant is pruned in one of them.
INTERVAL = timedelta(minutes=5)
INTERVALS = timedelta(days=1) // INTERVAL


@shared_task(base=PublicTask)
def review_unverified() -> int:
    """Start a task for each tenant that is due for its notice or deletion. Return how many."""
    tenants = unverified.due(BATCH)
    for tenant in tenants:
        review.apply_async(schema_name=tenant.schema_name, expires=INTERVAL.total_seconds())
    return len(tenants)


@shared_task(base=TenantTask)
def review() -> None:
    """Notify the owners of an unverified tenant, or delete it."""
    unverified.review(tenant=cast("Tenant", current_workspace()))


@shared_task(base=PublicTask)
def prune_all() -> int:
    """Prune public, and start a task for each tenant of this interval. Return how many."""
    with public_context(OPERATOR):
        QuarantinedSubdomain.objects.rested(timezone.now()).delete()
        prune()
    # Suspended tenants as well: expired data must not be kept.
    tenants = list(Tenant.objects.in_part(_interval(), INTERVALS))
    for tenant in tenants:
        prune_tenant.apply_async(schema_name=tenant.schema_name, expires=INTERVAL.total_seconds())
    return len(tenants)


@shared_task(base=TenantTask, allow_suspended=True)
def prune_tenant() -> int:
    """Delete the expired rows of one tenant. Return how many."""
    return prune()


@shared_task(base=PublicTask)
def plan_schedules() -> int:
    """Plan the schedules' runs that new tenants and new schedules lack. Return how many."""
    schedules.forget_undeclared()
    return sum(
        schedules.plan(schedule, Tenant.objects.without_run_of(schedule.name))
        for schedule in schedules.schedules
    )


def _interval() -> int:
    now = timezone.now()
    return (now - now.replace(hour=0, minute=0, second=0, microsecond=0)) // INTERVAL
