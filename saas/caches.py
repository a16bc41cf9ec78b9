"""The cache: Redis, and while it is away, each process's own memory.

Without the fallback, sign-in would fail while Redis is away: allauth counts attempts in the
cache, and refuses what it can't count. Counted in each process, the limits are looser, but
still there.
"""

from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from redis import RedisError

from tenancy import circuit_breaker

# Entries of the fallback in each process. A visitor could evict Django's default of 300 in a
# minute, and with them the counts of attempts.
MOST_ENTRIES = 20_000


def _with_fallback(name: str) -> Callable[..., Any]:
    """Return a method that uses Redis, and the local memory when Redis doesn't answer."""

    def method(self: "FallbackCache", *args: Any, **kwargs: Any) -> Any:
        if circuit_breaker.redis.allows():
            try:
                with circuit_breaker.redis.watching(RedisError):
                    return getattr(RedisCache, name)(self, *args, **kwargs)
            except RedisError:
                # The circuit breaker has logged it; the fallback answers.
                pass
        return getattr(self.local, name)(*args, **kwargs)

    return method


class FallbackCache(RedisCache):
    """Redis with a fallback. An entry of the fallback is never valid beyond its timeout."""

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
