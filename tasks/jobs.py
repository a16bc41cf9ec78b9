"""Celery tasks of the outbox: the sweep, which guarantees delivery, pruning and erasing."""

from celery import shared_task
from django.core.cache import cache

from tasks import metrics, relay, worker_loop
from tenancy import broker
from tenancy.context import public_context
from tenancy.task_base import PublicTask

# Cache key, set until the called worker starts: concurrent calls queue one task.
CALLED = "outbox:called"
CALL_EXPIRES = 60


@shared_task(base=PublicTask)
def sweep() -> int:
    """Send due messages, and call another worker if there are many. Return how many were tried."""
    metrics.record_sweep()
    return worker_loop.go(call=call_another)


@shared_task(base=PublicTask)
def go_round() -> int:
    """Send due messages in one run of the worker loop. Return how many were tried."""
    with public_context():
        cache.delete(CALLED)
    return worker_loop.go(call=call_another)


def call_another() -> None:
    """Queue a run of the worker loop, unless one is queued. Beat's sweep is the guarantee."""
    with public_context():
        is_first = cache.add(CALLED, 1, timeout=CALL_EXPIRES)
        if is_first and not broker.notify_worker(go_round, expires=CALL_EXPIRES):
            cache.delete(CALLED)


@shared_task(base=PublicTask)
def prune() -> int:
    """Delete messages past their retention. Return how many."""
    return relay.prune()


@shared_task(base=PublicTask)
def erase_expired() -> int:
    """Erase payloads past their expiry. Return how many."""
    return relay.erase_expired()
