"""The queue, asked impatiently: for pages, which can do without, unlike workers and beat."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from kombu.pools import producers

from tasks import breakers

AWAY = (OperationalError, OSError)


def connection(patience: float | None = None) -> Any:
    """Return an unopened connection that gives up after `patience` seconds, or Redis' own."""
    seconds = patience or settings.REDIS_TIMEOUT
    options = {"socket_connect_timeout": seconds, "socket_timeout": seconds}
    return current_app.connection_for_write(
        connect_timeout=seconds,
        transport_options={**settings.CELERY_BROKER_TRANSPORT_OPTIONS, **options},
    )


@contextmanager
def producer() -> Iterator[Any]:
    """Lend a producer that gives up soon. Raises what stands in `AWAY`."""
    with breakers.broker().watching(*AWAY), producers[connection()].acquire(block=True) as lent:
        yield lent
