"""What beat asks for: the sweep that keeps the outbox's promise, and the erasing."""

from celery import shared_task

from tasks import outbox, relay, vitals
from tasks.base import PublicTask


@shared_task(base=PublicTask)
def sweep() -> int:
    """Hand every due message to a worker. Return how many."""
    vitals.record_sweep()
    messages = relay.hand_out()
    for message in messages:
        outbox.nudge(message.task, message.schema_name, str(message.pk))
    return len(messages)


@shared_task(base=PublicTask)
def prune() -> int:
    """Remove letters that have had their time. Return how many."""
    return relay.prune()


@shared_task(base=PublicTask)
def erase_expired() -> int:
    """Erase payloads past their expiry. Return how many."""
    return relay.erase_expired()
