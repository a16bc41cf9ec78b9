"""Single statements through Django's cursor, without a page around them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from django.db import connection, transaction

QUERY = "SELECT id, text FROM notes_note WHERE id = %s"


def queries(schemas: list[str], count: int) -> None:
    """Run one query in autocommit, so many times, all in the first schema."""
    with _within(schemas[0]):
        for _ in range(count):
            _ask()


def transactions(schemas: list[str], count: int) -> None:
    """Run a transaction of three queries, so many times."""
    with _within(schemas[0]):
        for _ in range(count):
            with transaction.atomic():
                for _ in range(3):
                    _ask()


def switches(schemas: list[str], count: int) -> None:
    """Enter another schema and run one query there, so many times."""
    for number in range(count):
        with _within(schemas[number % len(schemas)]):
            _ask()


def _ask() -> None:
    with connection.cursor() as cursor:
        cursor.execute(QUERY, [1])
        cursor.fetchall()


def _within(schema: str) -> AbstractContextManager[None]:
    return _tenant(schema) if schema != "public" else nullcontext()


@contextmanager
def _tenant(schema: str) -> Iterator[None]:
    # Plain Django has none of it.
    from django_tenants.utils import schema_context

    with schema_context(schema):
        yield


def backend(schema: str) -> int:
    """Return the process that works for this connection."""
    with _within(schema), connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (process_id,) = cursor.fetchone() or (0,)
    return int(process_id)
