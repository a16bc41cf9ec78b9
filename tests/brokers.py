"""A broker that isn't where it was."""

from collections.abc import Iterator
from contextlib import contextmanager

from celery import current_app


@contextmanager
def broker_at(url: str) -> Iterator[None]:
    """Point Celery's connections elsewhere: its settings are read once."""
    conf = current_app.conf
    before, conf.broker_url = conf.broker_url, url
    _forget_pools()
    try:
        yield
    finally:
        conf.broker_url = before
        _forget_pools()


def _forget_pools() -> None:
    """An earlier test's messages left connections to where the broker was then."""
    current_app._pool = current_app.amqp._producer_pool = None
