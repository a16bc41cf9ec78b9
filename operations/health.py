"""Liveness and readiness of a web process."""

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

from accounts.access.client_ip import client_address
from tenancy import circuit_breaker
from tenancy.context import public_context
from tenancy.inspection import role_faults

logger = logging.getLogger(__name__)


def live() -> JsonResponse:
    """Answer 200: the process is able to answer."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 if database, Redis, migrations and roles pass their checks, else 503.

    Failed checks are logged; the answer lists the results only if `may_know` allows it.
    """
    with public_context():
        results = {"database": passes(database_answers), "redis": passes(redis_answers)}
        # Each further query to an unavailable database would wait again.
        results["migrations"] = results["database"] and passes(is_migrated)
        results["roles"] = results["database"] and passes(roles_are_apart)
    missing = [name for name, is_there in results.items() if not is_there]
    if missing:
        logger.warning("Not ready: %s", ", ".join(missing))
    answer = {"status": "down" if missing else "ok", **(results if may_know(request) else {})}
    status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
    return JsonResponse(answer, status=status)


def may_know(request: HttpRequest) -> bool:
    """Whether a request may see each check's result: it has the token or comes from loopback.

    A private network is not enough: in an office, visitors come from one.
    """
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.HEALTH_TOKEN and constant_time_compare(given, settings.HEALTH_TOKEN):
        return True
    if "X-Forwarded-For" in request.headers and not settings.TRUSTED_PROXIES:
        return False  # A proxy that the setting doesn't list: the request is its visitor's.
    try:
        return ip_address(client_address(request)).is_loopback
    except (ImproperlyConfigured, PermissionDenied, ValueError):
        return False


def database_answers() -> bool:
    """Whether the database answers a query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def redis_answers() -> bool:
    """Whether Redis itself answers: the cache has a fallback, so it always would.

    False without a connection while the circuit breaker is open.
    """
    if not circuit_breaker.redis.allows():
        return False
    with circuit_breaker.redis.watching(RedisError):
        return bool(get_redis_connection().ping())


def is_migrated() -> bool:
    """Whether the shared tables are at this release's migrations."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def roles_are_apart() -> bool:
    """Whether each database role exists and has no more privileges than it should."""
    return not role_faults()


def passes(check: Callable[[], bool]) -> bool:
    """Whether a check returns True; a database, Redis or OS error counts as False."""
    try:
        return check()
    except (DatabaseError, RedisError, OSError):
        return False
