"""How often somebody may do something, counted in Redis for all processes.

While Redis is away each process counts for itself: looser, but bounded.
"""

import hashlib
import logging
import time
from functools import cache

import redis
from django.conf import settings
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, RateLimiter

from tasks.errors import RateLimitedError

logger = logging.getLogger(__name__)


def hit(action: str, *identifiers: str) -> None:
    """Count one `action` (a key of `settings.LIMITS`) by somebody.

    Raises `RateLimitedError` when that is one too many.
    """
    if not settings.RATE_LIMITS:
        return
    limit = parse(settings.LIMITS[action])
    hashed = [hashlib.sha256(identifier.encode()).hexdigest()[:32] for identifier in identifiers]
    try:
        _count(_shared(), limit, action, hashed)
    except (redis.RedisError, StorageError):
        logger.warning("Redis is away: this process counts %s by itself.", action)
        _count(_local(), limit, action, hashed)


def _count(limiter: RateLimiter, limit: RateLimitItem, action: str, hashed: list[str]) -> None:
    if not limiter.hit(limit, action, *hashed):
        stats = limiter.get_window_stats(limit, action, *hashed)
        raise RateLimitedError(max(1, int(stats.reset_time - time.time())))


@cache
def _shared() -> RateLimiter:
    seconds = settings.REDIS_TIMEOUT
    options = {"socket_connect_timeout": seconds, "socket_timeout": seconds}
    return FixedWindowRateLimiter(storage_from_string(settings.REDIS_URL, **options))


@cache
def _local() -> RateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())
