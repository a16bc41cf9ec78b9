"""What beat asks for: unverified tenants are told and ended, and what has had its time goes.

A dispatcher looks at the shared tables alone, and hands each tenant to a worker by itself.
"""

from datetime import timedelta
from typing import cast

from celery import shared_task
from django.utils import timezone

from accounts.services import prune
from tasks.base import PublicTask, TenantTask
from tasks.roles import DatabaseRole
from tasks.workspace import current_workspace, public_context
from tenants import unverified
from tenants.models import RestingName, Tenant

BATCH = 50
# A day in turns of five minutes: in each, one tenant of so many has its turn.
TURN = timedelta(minutes=5)
TURNS = timedelta(days=1) // TURN


@shared_task(base=PublicTask)
def review_unverified() -> int:
    """Hand tenants that wait for their notice or end to workers. Return how many."""
    tenants = unverified.due(BATCH)
    for tenant in tenants:
        review.apply_async(schema_name=tenant.schema_name, expires=TURN.total_seconds())
    return len(tenants)


@shared_task(base=TenantTask)
def review() -> None:
    """Tell the owners of an unverified tenant, or end it."""
    unverified.review(tenant=cast("Tenant", current_workspace()))


@shared_task(base=PublicTask)
def prune_all() -> int:
    """Prune public, and hand those tenants to workers whose turn it is. Return how many."""
    with public_context(DatabaseRole.OPERATOR):
        RestingName.objects.rested(timezone.now()).delete()
        prune()
    # The suspended as well: what has had its time is nobody's to keep.
    tenants = list(Tenant.objects.in_turn(_turn(), TURNS))
    for tenant in tenants:
        prune_tenant.apply_async(schema_name=tenant.schema_name, expires=TURN.total_seconds())
    return len(tenants)


@shared_task(base=TenantTask, allow_suspended=True)
def prune_tenant() -> int:
    """Remove what has had its time in one tenant. Return how many rows."""
    return prune()


def _turn() -> int:
    now = timezone.now()
    return (now - now.replace(hour=0, minute=0, second=0, microsecond=0)) // TURN
