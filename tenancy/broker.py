"""Connections to the broker with a short timeout, for requests; workers and beat wait longer."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from kombu.pools import producers

from tenancy import circuit_breaker

logger = logging.getLogger(__name__)

AWAY = (OperationalError, OSError)


def connection(timeout: float | None = None) -> Any:
    """Return an unopened connection with a timeout of `timeout` seconds, or of `REDIS_TIMEOUT`."""
    seconds = timeout or settings.REDIS_TIMEOUT
    options = {"socket_connect_timeout": seconds, "socket_timeout": seconds}
    return current_app.connection_for_write(
        connect_timeout=seconds,
        transport_options={**settings.CELERY_BROKER_TRANSPORT_OPTIONS, **options},
    )


@contextmanager
def producer() -> Iterator[Any]:
    """Yield a producer with a short timeout. Raises the errors in `AWAY`."""
    with (
        circuit_breaker.broker().watching(*AWAY),
        producers[connection()].acquire(block=True) as lent,
    ):
        yield lent


def notify_worker(task: Any, *arguments: Any, expires: float, **options: Any) -> bool:
    """Send a task to the queue, and return whether the broker has taken it.

    For a notification that only saves the wait until beat asks: a broker that is away, or that
    the circuit breaker spares, gets nothing. `expires` is in seconds; `options` are those of
    `apply_async`.
    """
    if not circuit_breaker.broker().allows():
        return False
    try:
        with producer() as lent:
            task.apply_async(arguments, retry=False, producer=lent, expires=expires, **options)
    except AWAY as error:
        logger.warning("%s was not sent to the queue: %s", task.name, type(error).__name__)
        return False
    return True
