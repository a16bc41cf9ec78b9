"""Health: whether the process lives, and whether it can work."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils.crypto import constant_time_compare
from django_redis import get_redis_connection
from redis import RedisError

from accounts.clients import client_address
from tasks import breakers
from tasks.workspace import public_context
from tenants.inspection import role_faults

logger = logging.getLogger(__name__)


def live() -> JsonResponse:
    """Answer 200 as long as the process answers at all."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, Redis, migrations and roles are there, else 503.

    Which isn't stands in the log, and in the answer for those who may know.
    """
    with public_context():
        results = {"database": passes(database_answers), "redis": passes(redis_answers)}
        # Who asked a database that is away once more would wait once more.
        results["migrations"] = results["database"] and passes(is_migrated)
        results["roles"] = results["database"] and passes(roles_are_apart)
    missing = [name for name, is_there in results.items() if not is_there]
    if missing:
        logger.warning("Not ready: %s", ", ".join(missing))
    answer = {"status": "down" if missing else "ok", **(results if may_know(request) else {})}
    status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
    return JsonResponse(answer, status=status)


def may_know(request: HttpRequest) -> bool:
    """Whether somebody is told which part is away: who has the token, or is on this machine.

    A private network is not enough: in an office, visitors come from one.
    """
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.HEALTH_TOKEN and constant_time_compare(given, settings.HEALTH_TOKEN):
        return True
    if "X-Forwarded-For" in request.headers and not settings.TRUSTED_PROXIES:
        return False  # A proxy on this machine that nobody has counted: this is its visitor.
    try:
        return ip_address(client_address(request)).is_loopback
    except (ImproperlyConfigured, PermissionDenied, ValueError):
        return False


def database_answers() -> bool:
    """Whether a query comes back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def redis_answers() -> bool:
    """Whether Redis itself answers: the cache has a spare, and always would.

    While it is known to be away nobody waits for it once more.
    """
    if not breakers.redis.allows():
        return False
    with breakers.redis.watching(RedisError):
        return bool(get_redis_connection().ping())


def is_migrated() -> bool:
    """Whether the shared tables are at this release's migrations."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def roles_are_apart() -> bool:
    """Whether each database role is there, and may no more than it should."""
    return not role_faults()


def passes(check: Callable[[], bool]) -> bool:
    """Whether a check says yes, where an error is a no."""
    try:
        return check()
    except (DatabaseError, RedisError, OSError):
        return False
