"""The cache: Redis, and while it is away, each process's own memory.

Without that, nobody could sign in while Redis is away: allauth counts tries in the cache,
and refuses what it can't count. Counted by each process for itself, the limits are looser,
but still there.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from redis import RedisError

logger = logging.getLogger(__name__)

# How long Redis is left alone after it failed: each try may cost a second.
PAUSE = 5.0
# How much a process keeps meanwhile. Django's 300 would be emptied by a stranger in a minute,
# and with it the counts of who tried what.
MOST_ENTRIES = 20_000


def _with_fallback(name: str) -> Callable[..., Any]:
    """Return a method that asks Redis, and the local memory when Redis doesn't answer."""

    def method(self: "FallbackCache", *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= FallbackCache.away_until:
            try:
                return getattr(RedisCache, name)(self, *args, **kwargs)
            except RedisError as error:
                FallbackCache.away_until = time.monotonic() + PAUSE
                logger.warning("Redis is away (%s): caching here.", type(error).__name__)
        return getattr(self.local, name)(*args, **kwargs)

    return method


class FallbackCache(RedisCache):
    """Redis with a spare. What the spare holds is never longer valid than its timeout."""

    # Shared by the threads of a process, each of which has an instance of its own.
    away_until = 0.0

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        options = {"MAX_ENTRIES": MOST_ENTRIES, "CULL_FREQUENCY": 10}
        self.local = LocMemCache("while-redis-is-away", {**params, "OPTIONS": options})

    add = _with_fallback("add")
    get = _with_fallback("get")
    set = _with_fallback("set")
    touch = _with_fallback("touch")
    incr = _with_fallback("incr")
    has_key = _with_fallback("has_key")
    delete = _with_fallback("delete")
    get_many = _with_fallback("get_many")
    set_many = _with_fallback("set_many")
    delete_many = _with_fallback("delete_many")
