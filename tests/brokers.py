"""A broker that isn't where it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from celery import current_app
from kombu import pools

from tenancy.pubsub import Channel


@contextmanager
def broker_at(url: str) -> Iterator[None]:
    """Point Celery's connections elsewhere, and back to what Django's settings say by then.

    Celery reads those settings live: a URL that is read here may be one that the test has set.
    """
    with mock.patch.dict(current_app.conf.changes, broker_url=url):
        _forget_pools()
        try:
            yield
        finally:
            _forget_pools()


def _forget_pools() -> None:
    """Close what an earlier test's messages left: connections to where the broker was then."""
    for pool in (current_app.amqp._producer_pool, current_app._pool):
        if pool is not None:
            pool.force_close_all()
    pools.reset()
    current_app._pool = current_app.amqp._producer_pool = None


def subscribe_anew(channel: Channel) -> None:
    """Close a channel's connections: its next read subscribes, to where Redis is by then."""
    for connected in (channel._subscription, channel._redis):
        if connected is not None:
            connected.close()
    channel.start_over()
