"""A deadline for all of a step's statements together: the first one's lock is held to the end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from tenancy.schema_migrations.locks import Deadlines

# In seconds. Until then statements need no shorter timeout.
SLACK = 0.05
LIMIT = "SELECT pg_catalog.set_config('statement_timeout', %s, true)"


@contextmanager
def bounded(deadlines: Deadlines) -> Iterator[None]:
    """Limit each statement of the block to what is left of `deadlines.statement`."""
    started_at = time.monotonic()

    def execute(call: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        spent = time.monotonic() - started_at
        if deadlines.statement and spent > SLACK and sql != LIMIT:
            left = max(round(1000 * (deadlines.statement - spent)), 1)
            with connection.cursor() as cursor:
                cursor.execute(LIMIT, [f"{left}ms"])
        return call(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield
