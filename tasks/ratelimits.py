"""How often somebody may do something, counted in Redis for all processes.

While Redis is away each process counts for itself: looser, but bounded, in what it lets
through as well as in what it keeps.
"""

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import redis
from django.conf import settings
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, RateLimiter

from tasks import breakers
from tasks.errors import RateLimitedError
from tasks.workspace import current_schema

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
UNITS = {"s": "second", "m": "minute", "h": "hour"}

# How many counters a process keeps while Redis is away: some ten MB at most.
MOST_COUNTERS = 20_000


@dataclass(frozen=True)
class Budget:
    """How often `whose` may do `action`, a key of `settings.LIMITS`."""

    action: str
    whose: tuple[str, ...]

    @property
    def limit(self) -> RateLimitItem:
        return parse(settings.LIMITS[self.action])

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
    """Count one `action` by somebody, in all tenants together.

    Raises `RateLimitedError` when that is one too many.
    """
    spend(everywhere(action, *identifiers))


def spend(*budgets: Budget) -> None:
    """Take one from each budget, or from none. Raises `RateLimitedError`.

    Each is counted before it is compared, in one step: of many requests at once no more get
    through than there is room for. Name narrow budgets first: whoever is refused by their
    own has taken nothing from those that others share.
    """
    if settings.RATE_LIMITS:
        _ask(lambda limiter: _spend(limiter, budgets))


def give_back(*budgets: Budget) -> None:
    """Put one back into each budget, as what was counted turned out to be right."""
    if settings.RATE_LIMITS:
        _ask(lambda limiter: [limiter.hit(each.limit, *each.key, cost=-1) for each in budgets])


def forgive(*budgets: Budget) -> None:
    """Fill each budget up, wherever it was counted."""

    def clear(limiter: RateLimiter) -> None:
        for budget in budgets:
            limiter.clear(budget.limit, *budget.key)

    clear(_local())
    _ask(clear)


def pace(what: str, rate: str) -> float:
    """Count one of what may happen `rate` times ("10/second", "10/s"); 0 when it may.

    Otherwise nothing is counted, and the seconds until the next one may are returned.
    """
    limit = parse(_spelled_out(rate))
    return _ask(lambda limiter: _turn(MovingWindowRateLimiter(limiter.storage), limit, what))


def per_second(rate: str) -> float:
    """Return how many a second a rate allows."""
    limit = parse(_spelled_out(rate))
    return float(limit.amount / limit.get_expiry())


def _turn(limiter: RateLimiter, limit: RateLimitItem, what: str) -> float:
    if limiter.hit(limit, what):
        return 0.0
    return max(0.01, limiter.get_window_stats(limit, what).reset_time - time.time())


def _spelled_out(rate: str) -> str:
    """Return a rate in the library's own words, which knows no "10/s"."""
    amount, _slash, unit = rate.partition("/")
    return f"{amount}/{UNITS.get(unit.strip(), unit)}"


def _ask(question: Callable[[RateLimiter], Answer]) -> Answer:
    """Ask Redis, or once for all of a question this process's own memory."""
    if breakers.redis.allows():
        try:
            with breakers.redis.watching(redis.RedisError, StorageError):
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
    """The library's, which keeps no more than `MOST_COUNTERS`: the soonest to end go first."""

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        if key not in self.storage and len(self.storage) >= MOST_COUNTERS:
            self._make_room()
        return int(super().incr(key, expiry, amount))

    def _make_room(self) -> None:
        """Drop a tenth at once: sorting is too dear for each new counter."""
        by_end = sorted(self.expirations.copy().items(), key=lambda item: item[1])
        for key, _end in by_end[: max(1, MOST_COUNTERS // 10)]:
            self.clear(key)


@cache
def _shared() -> RateLimiter:
    seconds = settings.REDIS_TIMEOUT
    options = {"socket_connect_timeout": seconds, "socket_timeout": seconds}
    return FixedWindowRateLimiter(storage_from_string(settings.REDIS_URL, **options))


@cache
def _local() -> RateLimiter:
    return FixedWindowRateLimiter(BoundedStorage())
