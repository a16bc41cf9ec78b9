"""The cache: Redis, and while it is away, each process's own memory.

Without that, nobody could sign in while Redis is away: allauth counts tries in the cache,
and refuses what it can't count. Counted by each process for itself, the limits are looser,
but still there.
"""

from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from redis import RedisError

from tasks import breakers

# How much a process keeps meanwhile. Django's 300 would be emptied by a stranger in a minute,
# and with it the counts of who tried what.
MOST_ENTRIES = 20_000


def _with_fallback(name: str) -> Callable[..., Any]:
    """Return a method that asks Redis, and the local memory when Redis doesn't answer."""

    def method(self: "FallbackCache", *args: Any, **kwargs: Any) -> Any:
        if breakers.redis.allows():
            try:
                with breakers.redis.watching(RedisError):
                    return getattr(RedisCache, name)(self, *args, **kwargs)
            except RedisError:
                # The breaker has said so; the spare answers.
                pass
        return getattr(self.local, name)(*args, **kwargs)

    return method


class FallbackCache(RedisCache):
    """Redis with a spare. What the spare holds is never longer valid than its timeout."""

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
