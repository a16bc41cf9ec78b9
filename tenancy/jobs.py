"""The background task of the engine: it keeps the schema pool filled."""

import time

from celery import shared_task
from django.db import transaction

from tenancy import broker, schema_pool
from tenancy.task_base import PublicTask

# Seconds from the first claim to the refill, which covers all claims until then.
REFILL_AFTER = 1.0
# In seconds. By then beat has scheduled the task by itself.
REFILL_EXPIRES = 60
# Until when this process sends no further refill.
_asked: dict[str, float] = {}


@shared_task(base=PublicTask)
def fill_pool() -> int:
    """Drop pooled schemas of old releases, and make the missing ones. Return how many it made."""
    schema_pool.drop_old()
    return schema_pool.fill()


def refill_on_commit() -> None:
    """Enqueue a refill of the pool once the transaction commits. Never fails the caller.

    Sends one task for all claims of `REFILL_AFTER` seconds. Best effort: the guarantee is beat's
    periodic task.
    """
    transaction.on_commit(_notify_worker, robust=True)


def _notify_worker() -> None:
    if time.monotonic() < _asked.get("until", 0.0):
        return
    _asked["until"] = time.monotonic() + REFILL_AFTER
    broker.notify_worker(fill_pool, countdown=REFILL_AFTER, expires=REFILL_EXPIRES)
