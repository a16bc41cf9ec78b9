"""Circuit breakers: after a failure, all threads of a process skip a service for a while.

Each wait costs a request its timeout, so one failure opens the breaker. After the pause one thread
tries the service while the others still skip it.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

logger = logging.getLogger(__name__)

# How long a service is skipped after a failure, in seconds.
PAUSE = 5.0


class Breaker:
    """Says whether a service is worth calling. Shared by all callers of that service."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._is_tripped = False
        self._until = 0.0

    def allows(self) -> bool:
        """Whether to call the service now. After a failure, True for one caller per `PAUSE`."""
        now = time.monotonic()
        with self._lock:
            if now < self._until:
                return False
            if self._is_tripped:
                self._until = now + PAUSE
            return True

    @contextmanager
    def watching(self, *failures: type[BaseException]) -> Iterator[None]:
        """Within the block, one of the `failures` opens the breaker, and success closes it."""
        try:
            yield
        except failures as error:
            self.trip(error)
            raise
        self.reset()

    def trip(self, error: BaseException) -> None:
        """Open the breaker: skip the service for `PAUSE` seconds."""
        with self._lock:
            self._is_tripped = True
            self._until = time.monotonic() + PAUSE
        logger.warning(
            "%s is away (%s): doing without for %d s.", self.name, type(error).__name__, PAUSE
        )

    def reset(self) -> None:
        """Close the breaker: call the service again."""
        if self._is_tripped:
            with self._lock:
                self._is_tripped = False
                self._until = 0.0


redis = Breaker("Redis")
_queue = Breaker("The queue")


def broker() -> Breaker:
    """Return the broker's breaker, which is Redis' own if Redis is the broker."""
    return redis if settings.CELERY_BROKER_URL == settings.REDIS_URL else _queue
