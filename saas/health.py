"""Health: whether the process lives, and whether it can work."""

from collections.abc import Callable
from http import HTTPStatus

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import JsonResponse
from django_redis import get_redis_connection
from redis import RedisError

from tasks.workspace import public_context


def live() -> JsonResponse:
    """Answer 200 as long as the process answers at all."""
    return JsonResponse({"status": "ok"})


def ready() -> JsonResponse:
    """Answer 200 when database, Redis and migrations are there; else 503, and which isn't."""
    checks = {"database": database_answers, "redis": redis_answers, "migrations": is_migrated}
    with public_context():
        results = {name: passes(check) for name, check in checks.items()}
    if all(results.values()):
        return JsonResponse({"status": "ok", **results})
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse({"status": "down", **results}, status=status)


def database_answers() -> bool:
    """Whether a query comes back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def redis_answers() -> bool:
    """Whether Redis itself answers: the cache has a spare, and always would."""
    return bool(get_redis_connection().ping())


def is_migrated() -> bool:
    """Whether the shared tables are at this release's migrations."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def passes(check: Callable[[], bool]) -> bool:
    """Whether a check says yes, where an error is a no."""
    try:
        return check()
    except (DatabaseError, RedisError, OSError):
        return False
