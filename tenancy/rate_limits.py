"""Rate limits, counted in Redis for all processes.

While Redis is away each process counts for itself: this allows more, but the number of requests and
of stored counters stays bounded.
"""

import hashlib
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeVar

import redis
from django.conf import settings
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, RateLimiter

from tenancy import circuit_breaker
from tenancy.context import current_schema
from tenancy.errors import RateLimitedError
from tenancy.registry import Registry

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
UNITS = {"s": "second", "m": "minute", "h": "hour"}

# One limit. The library takes others as well, of which it would count by the first alone.
LIMIT = re.compile(r"[1-9]\d*/([1-9]\d* )?(second|minute|hour|day)s?")

# Outside production one machine acts for many people.
WIDE = 100
# How many counters a process keeps while Redis is away: 10 MB at most, approximately.
MOST_COUNTERS = 20_000


@dataclass(frozen=True)
class RateLimit:
    """A limit that an app declares, beside those of `settings.LIMITS`.

    `limit` is "how many/in what time", such as "20/hour" or "5/10 minute"; outside production it
    is `WIDE` times as many. In the scope "tenant" no other tenant can use it up; in "everywhere"
    all tenants share it, and so do the public pages.
    """

    name: str
    limit: str
    scope: Literal["tenant", "everywhere"] = "tenant"
    position: int = 100

    @property
    def item(self) -> RateLimitItem:
        """The parsed limit. Raises `ValueError`."""
        parsed = parse(self.limit)
        times = 1 if settings.PRODUCTION else WIDE
        return type(parsed)(parsed.amount * times, parsed.multiples)


declared_limits: Registry[RateLimit] = Registry("rate limit")


@dataclass(frozen=True)
class Budget:
    """How often the identifiers in `whose` may do `action`.

    The action is a key of `settings.LIMITS`, or the name of a declared limit.
    """

    action: str
    whose: tuple[str, ...]

    @property
    def limit(self) -> RateLimitItem:
        if self.action in settings.LIMITS:
            return parse(settings.LIMITS[self.action])
        return declared_limits[self.action].item

    @property
    def key(self) -> list[str]:
        hashed = (hashlib.sha256(name.encode()).hexdigest()[:32] for name in self.whose)
        return [self.action, *hashed]


def here(action: str, *whose: str) -> Budget:
    """Return a budget that no other tenant can spend. Raises `TenantMissingError`."""
    return Budget(action, (current_schema(), *whose))


def everywhere(action: str, *whose: str) -> Budget:
    """Return a budget that all tenants share."""
    return Budget(action, whose)


def hit(action: str, *identifiers: str) -> None:
    """Count one `action` for these identifiers: across all tenants, or in a declared limit's scope.

    Raises `RateLimitedError` when the limit is exceeded. A view may leave that to the service,
    which answers with a page and the status 429.
    """
    is_own = action in declared_limits and declared_limits[action].scope == "tenant"
    spend((here if is_own else everywhere)(action, *identifiers))


def spend(*budgets: Budget) -> None:
    """Take one from each budget, or from none. Raises `RateLimitedError`.

    Each is counted and compared in one step, so concurrent requests can't exceed a limit. Pass
    narrow budgets first: a caller refused by its own takes nothing from the shared ones.
    """
    if settings.RATE_LIMITS:
        _ask(lambda limiter: _spend(limiter, budgets))


def give_back(*budgets: Budget) -> None:
    """Add one to each budget again, for a counted attempt that turned out to be legitimate."""
    if settings.RATE_LIMITS:
        _ask(lambda limiter: [limiter.hit(each.limit, *each.key, cost=-1) for each in budgets])


def reset(*budgets: Budget) -> None:
    """Reset each budget, both in Redis and in this process."""

    def clear(limiter: RateLimiter) -> None:
        for budget in budgets:
            limiter.clear(budget.limit, *budget.key)

    clear(_local())
    _ask(clear)


def pace(what: str, rate: str) -> float:
    """Count one `what` at `rate` ("10/second", "10/s"), and return 0 when it is allowed.

    Otherwise nothing is counted, and the seconds until the next one is allowed are returned.
    """
    limit = parse(_spelled_out(rate))
    return _ask(lambda limiter: _wait(MovingWindowRateLimiter(limiter.storage), limit, what))


def per_second(rate: str) -> float:
    """Return how many events per second a rate allows."""
    limit = parse(_spelled_out(rate))
    return float(limit.amount / limit.get_expiry())


def _wait(limiter: RateLimiter, limit: RateLimitItem, what: str) -> float:
    if limiter.hit(limit, what):
        return 0.0
    return max(0.01, limiter.get_window_stats(limit, what).reset_time - time.time())


def _spelled_out(rate: str) -> str:
    """Return a rate as the library spells it, which doesn't know "10/s"."""
    amount, _slash, unit = rate.partition("/")
    return f"{amount}/{UNITS.get(unit.strip(), unit)}"


def _ask(question: Callable[[RateLimiter], Answer]) -> Answer:
    """Run `question` in Redis. If that fails, run all of it in this process's memory."""
    if circuit_breaker.redis.allows():
        try:
            with circuit_breaker.redis.watching(redis.RedisError, StorageError):
                return question(_shared())
        except (redis.RedisError, StorageError):
            logger.warning("This process counts by itself.")
    return question(_local())


def _spend(limiter: RateLimiter, budgets: tuple[Budget, ...]) -> None:
    for number, budget in enumerate(budgets):
        if not limiter.hit(budget.limit, *budget.key):
            for taken in budgets[:number]:
                limiter.hit(taken.limit, *taken.key, cost=-1)
            stats = limiter.get_window_stats(budget.limit, *budget.key)
            raise RateLimitedError(max(1, int(stats.reset_time - time.time())))


class BoundedStorage(MemoryStorage):
    """The library's storage with at most `MOST_COUNTERS`: those that expire first are dropped."""

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        if key not in self.storage and len(self.storage) >= MOST_COUNTERS:
            # A tenth at once: sorting for each new counter is too slow.
            by_end = sorted(self.expirations.copy().items(), key=lambda item: item[1])
            for first, _end in by_end[: max(1, MOST_COUNTERS // 10)]:
                self.clear(first)
        return int(super().incr(key, expiry, amount))


@cache
def _shared() -> RateLimiter:
    seconds = settings.REDIS_TIMEOUT
    options = {"socket_connect_timeout": seconds, "socket_timeout": seconds}
    return FixedWindowRateLimiter(storage_from_string(settings.REDIS_URL, **options))


@cache
def _local() -> RateLimiter:
    return FixedWindowRateLimiter(BoundedStorage())
