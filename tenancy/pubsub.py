"""Pub/sub between the service's processes over Redis: no delivery guarantee, and no waiting.

A subscriber reads what has arrived while it handles a request, so there is no thread; it learns
when messages may have been lost.
"""

import contextlib
import os
import threading
import time
from typing import Any

import redis
from django.conf import settings

from tenancy import circuit_breaker

# Each read is a system call.
SECONDS_BETWEEN_READS = 0.1


class Channel:
    """One channel, of the processes that share a Redis database."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._redis: Any = None
        self._subscription: Any = None
        self._next_read = 0.0
        # A child process must not read messages from its parent's connection.
        os.register_at_fork(after_in_child=self.start_over)

    def publish(self, *messages: str) -> None:
        """Publish to all subscribers. Does nothing while Redis is away."""
        if not messages or not circuit_breaker.redis.allows():
            return
        # When publishing fails, subscribers are out of date until their cached values expire.
        with (
            contextlib.suppress(redis.RedisError),
            circuit_breaker.redis.watching(redis.RedisError),
        ):
            self._client().publish(self._channel(), "\n".join(messages))

    def poll(self) -> list[str] | None:
        """Return the messages that have arrived; None when some may have been lost.

        Doesn't block, except to subscribe to a Redis for the first time.
        """
        if time.monotonic() < self._next_read or not self._lock.acquire(blocking=False):
            return []
        try:
            self._next_read = time.monotonic() + SECONDS_BETWEEN_READS
            if self._subscription:
                return self._read()
            if circuit_breaker.redis.allows():
                self._subscribe()
                return None
            return []
        finally:
            self._lock.release()

    def _read(self) -> list[str] | None:
        """Read what has arrived. After a lost connection the next read subscribes again."""
        messages: list[str] = []
        try:
            while message := self._subscription.get_message():
                if message["type"] == "message":
                    messages += message["data"].decode().split("\n")
        except redis.RedisError:
            self._subscription.close()
            self._subscription = None
            return None
        return messages

    def _subscribe(self) -> None:
        """Subscribe, if Redis is there. Earlier messages are lost."""
        with (
            contextlib.suppress(redis.RedisError),
            circuit_breaker.redis.watching(redis.RedisError),
        ):
            subscription = self._client().pubsub()
            subscription.subscribe(self._channel())
            # The confirmation: from now on no message is missed.
            subscription.get_message(timeout=settings.REDIS_TIMEOUT)
            self._subscription = subscription

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
        """Drop both connections, which belong to another process or another Redis."""
        self._lock = threading.Lock()
        self._redis = self._subscription = None
        self._next_read = 0.0
