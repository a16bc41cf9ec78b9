"""Circuit breakers: whoever didn't answer is left alone for a while, by all threads of a process.

Each wait costs a page its patience. One failure is enough to spare the others theirs, and when
the pause is over one thread asks while the others still do without.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

logger = logging.getLogger(__name__)

# How long somebody is left alone.
PAUSE = 5.0


class Breaker:
    """Says whether somebody is worth asking. Shared by whoever asks the same one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._is_tripped = False
        self._until = 0.0

    def allows(self) -> bool:
        """Whether to ask now. Who is told so after a failure is the only one for a while."""
        now = time.monotonic()
        with self._lock:
            if now < self._until:
                return False
            if self._is_tripped:
                self._until = now + PAUSE
            return True

    @contextmanager
    def watching(self, *failures: type[BaseException]) -> Iterator[None]:
        """Ask within the block: one of the `failures` trips the breaker, an answer mends it."""
        try:
            yield
        except failures as error:
            self.trip(error)
            raise
        self.reset()

    def trip(self, error: BaseException) -> None:
        """Leave them alone from now on."""
        with self._lock:
            self._is_tripped = True
            self._until = time.monotonic() + PAUSE
        logger.warning(
            "%s is away (%s): doing without for %d s.", self.name, type(error).__name__, PAUSE
        )

    def reset(self) -> None:
        """Believe in them again."""
        if self._is_tripped:
            with self._lock:
                self._is_tripped = False
                self._until = 0.0


redis = Breaker("Redis")
_queue = Breaker("The queue")


def broker() -> Breaker:
    """Return the breaker of the queue, which is Redis' own where that holds the queue."""
    return redis if settings.CELERY_BROKER_URL == settings.REDIS_URL else _queue
