"""What beat asks for: the sweep that keeps the outbox's promise, and the erasing."""

import logging

from celery import shared_task
from django.core.cache import cache

from tasks import breakers, brokers, relay, rounds, vitals
from tasks.base import PublicTask
from tasks.workspace import public_context

logger = logging.getLogger(__name__)

# That somebody is called, until they come: many who call at once fill no queue.
CALLED = "outbox:called"
CALL_EXPIRES = 60


@shared_task(base=PublicTask)
def sweep() -> int:
    """Send what is due, and call others where there is much. Return how many were tried."""
    vitals.record_sweep()
    return rounds.go(call=call_another)


@shared_task(base=PublicTask)
def go_round() -> int:
    """Take a turn at what is due. Return how many were tried."""
    with public_context():
        cache.delete(CALLED)
    return rounds.go(call=call_another)


def call_another() -> None:
    """Have a worker take a turn, unless one is called already. Beat's sweep is the guarantee."""
    with public_context():
        if not (breakers.broker().allows() and cache.add(CALLED, 1, timeout=CALL_EXPIRES)):
            return
    try:
        with brokers.producer() as producer:
            go_round.apply_async(retry=False, producer=producer, expires=CALL_EXPIRES)
    except brokers.AWAY as error:
        logger.warning("No worker was called for the letters: %s", type(error).__name__)


@shared_task(base=PublicTask)
def prune() -> int:
    """Remove letters that have had their time. Return how many."""
    return relay.prune()


@shared_task(base=PublicTask)
def erase_expired() -> int:
    """Erase payloads past their expiry. Return how many."""
    return relay.erase_expired()
