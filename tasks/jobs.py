"""Celery tasks of the outbox (sweep, pruning, erasing) and of the schedules."""

from datetime import date

from celery import shared_task
from django.core.cache import cache

from tasks import metrics, relay, schedules, worker_loop
from tenancy import broker
from tenancy.context import load_workspaces, public_context
from tenancy.task_base import PublicTask, TenantTask

# Cache key, set until the called worker starts: concurrent calls queue one task.
CALLED = "outbox:called"
CALL_EXPIRES = 60


@shared_task(base=PublicTask)
def sweep() -> int:
    """Send due messages, and call another worker if there are many. Return how many were tried."""
    metrics.record_sweep()
    return worker_loop.drain(call=call_another)


@shared_task(base=PublicTask)
def drain_outbox() -> int:
    """Send due messages in one run of the worker loop. Return how many were tried."""
    with public_context():
        cache.delete(CALLED)
    return worker_loop.drain(call=call_another)


def call_another() -> None:
    """Queue a run of the worker loop, unless one is queued. Beat's sweep is the guarantee."""
    with public_context():
        is_first = cache.add(CALLED, 1, timeout=CALL_EXPIRES)
        if is_first and not broker.notify_worker(drain_outbox, expires=CALL_EXPIRES):
            cache.delete(CALLED)


@shared_task(base=PublicTask)
def prune() -> int:
    """Delete messages past their retention. Return how many."""
    return relay.prune()


@shared_task(base=PublicTask)
def erase_expired() -> int:
    """Erase payloads past their expiry. Return how many."""
    return relay.erase_expired()


@shared_task(base=PublicTask)
def run_schedules() -> int:
    """Send the schedules' runs that are due, each to its tenant. Return how many.

    Leaves out those of suspended tenants, and deletes those of tenants that are gone.
    """
    sent, runs = 0, schedules.lease_due()
    known = load_workspaces({run.schema_name for run in runs})
    for run in runs:
        if (workspace := known.get(run.schema_name)) is None:
            run.delete()
        elif not workspace.is_open:
            schedules.skip(run, workspace, "Suspended")
        elif run.attempts >= schedules.MAX_ATTEMPTS:
            # The process died within the last one.
            schedules.skip(run, workspace, "AttemptsUsedUp")
        else:
            run_schedule.apply_async(
                (run.name, run.day.isoformat(), run.attempts),
                schema_name=run.schema_name,
                expires=schedules.QUEUE_LEASE.total_seconds(),
            )
            sent += 1
    return sent


@shared_task(base=TenantTask)
def run_schedule(name: str, day: str, attempt: int) -> None:
    """Run a schedule's task in one tenant for a day, as its attempt of this number."""
    schedules.run(name=name, day=date.fromisoformat(day), attempt=attempt)
