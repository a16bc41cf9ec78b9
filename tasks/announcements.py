"""Words between the service's processes, which nobody waits for and which may be lost.

Redis carries them. Whoever listens reads what has come in on the way to a page, so there is no
thread; and is told when something may have been missed.
"""

import contextlib
import os
import threading
import time
from typing import Any

import redis
from django.conf import settings

from tasks import breakers

# How often a process looks for words, at most: a look is a call of the system.
PAUSE = 0.1


class Announcements:
    """One channel, of the processes that share a Redis database."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._redis: Any = None
        self._ears: Any = None
        self._next_look = 0.0
        # A child that read from its parent's connection would take words away from it.
        os.register_at_fork(after_in_child=self.start_over)

    def say(self, *words: str) -> None:
        """Tell all who listen, unless Redis is away."""
        if not words or not breakers.redis.allows():
            return
        # Where it fails, who listens doesn't believe what they know for long.
        with contextlib.suppress(redis.RedisError), breakers.redis.watching(redis.RedisError):
            self._client().publish(self._channel(), "\n".join(words))

    def heard(self) -> list[str] | None:
        """Return the words that have come in; None when some may have been lost on the way.

        Waits for nobody but a Redis that it hasn't listened to before.
        """
        if time.monotonic() < self._next_look or not self._lock.acquire(blocking=False):
            return []
        try:
            self._next_look = time.monotonic() + PAUSE
            return self._listen()
        finally:
            self._lock.release()

    def _listen(self) -> list[str] | None:
        if self._ears:
            return self._words()
        if not breakers.redis.allows():
            return []
        with contextlib.suppress(redis.RedisError), breakers.redis.watching(redis.RedisError):
            self._subscribe()
        return None

    def _subscribe(self) -> None:
        """Listen from here on: what was said before is lost."""
        ears = self._client().pubsub()
        ears.subscribe(self._channel())
        # The answer: from now on nothing is missed.
        ears.get_message(timeout=settings.REDIS_TIMEOUT)
        self._ears = ears

    def _words(self) -> list[str] | None:
        """Read what is there. A connection that was ended is made anew at the next look."""
        words: list[str] = []
        try:
            while message := self._ears.get_message():
                if message["type"] == "message":
                    words += message["data"].decode().split("\n")
        except redis.RedisError:
            self._ears = None
            return None
        return words

    def _client(self) -> Any:
        if self._redis is None:
            seconds = settings.REDIS_TIMEOUT
            self._redis = redis.Redis.from_url(
                settings.REDIS_URL, socket_connect_timeout=seconds, socket_timeout=seconds
            )
        return self._redis

    def _channel(self) -> str:
        database = self._client().connection_pool.connection_kwargs.get("db", 0)
        return f"{self._name}.{database}"

    def start_over(self) -> None:
        """Forget both connections, which are another process's or another Redis'."""
        self._lock = threading.Lock()
        self._redis = self._ears = None
        self._next_look = 0.0
