"""What beat asks for: unverified tenants are told and ended, and what has had its time goes.

A dispatcher looks at the shared tables alone, and hands each tenant to a worker by itself.
"""

import logging
import time
from datetime import timedelta
from typing import cast

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from accounts.services import prune
from tasks import breakers, brokers
from tasks.base import PublicTask, TenantTask
from tasks.roles import DatabaseRole
from tasks.workspace import current_workspace, public_context
from tenants import spares, unverified
from tenants.models import RestingName, Tenant

logger = logging.getLogger(__name__)

BATCH = 50
# In seconds. So long after somebody takes one, the pool is filled for all who have by then.
REFILL_AFTER = 1.0
# By then beat has asked by itself.
REFILL_EXPIRES = 60
# Until when this process has asked already.
_asked: dict[str, float] = {}
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


@shared_task(base=PublicTask)
def fill_spares() -> int:
    """Drop spare schemas of releases gone by, and make what is missing. Return how many."""
    spares.drop_old()
    return spares.fill()


def refill_on_commit() -> None:
    """Have a worker replace a spare schema once it is taken. Can't break the caller.

    A burst asks once: the worker fills the pool for all who came meanwhile, and is at it when
    they are through. Beat's own turn is the guarantee.
    """
    transaction.on_commit(_nudge, robust=True)


def _nudge() -> None:
    if time.monotonic() < _asked.get("until", 0.0) or not breakers.broker().allows():
        return
    _asked["until"] = time.monotonic() + REFILL_AFTER
    try:
        with brokers.producer() as producer:
            fill_spares.apply_async(
                retry=False, producer=producer, countdown=REFILL_AFTER, expires=REFILL_EXPIRES
            )
    except brokers.AWAY as error:
        logger.warning("No worker was told to make a schema: %s", type(error).__name__)


def _turn() -> int:
    now = timezone.now()
    return (now - now.replace(hour=0, minute=0, second=0, microsecond=0)) // TURN
