"""A bound on all of a step's statements together: the first one's lock is held by the last."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from tenants.fleet.claims import Patience

# Statements that take no time need no limit of their own.
SLACK = 0.05
LIMIT = "SELECT pg_catalog.set_config('statement_timeout', %s, true)"


@contextmanager
def bounded(patience: Patience) -> Iterator[None]:
    """Give each statement of the block what is left of the time that one may take."""
    started_at = time.monotonic()

    def execute(call: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        spent = time.monotonic() - started_at
        if patience.statement and spent > SLACK and sql != LIMIT:
            left = max(round(1000 * (patience.statement - spent)), 1)
            with connection.cursor() as cursor:
                cursor.execute(LIMIT, [f"{left}ms"])
        return call(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield
