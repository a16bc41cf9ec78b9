"""Single statements through Django's cursor, without a page around them."""

from contextlib import AbstractContextManager, nullcontext

from django.db import connection, transaction

QUERY = "SELECT id, text FROM notes_note WHERE id = %s"


def queries(schemas: list[str], count: int) -> None:
    """Run one query in autocommit `count` times, in the first schema."""
    with _in_schema(schemas[0]):
        for _ in range(count):
            _query()


def transactions(schemas: list[str], count: int) -> None:
    """Run a transaction of three queries `count` times, in the first schema."""
    with _in_schema(schemas[0]):
        for _ in range(count):
            with transaction.atomic():
                for _ in range(3):
                    _query()


def switches(schemas: list[str], count: int) -> None:
    """Enter another schema and run one query there, `count` times."""
    for number in range(count):
        with _in_schema(schemas[number % len(schemas)]):
            _query()


def _query() -> None:
    with connection.cursor() as cursor:
        cursor.execute(QUERY, [1])
        cursor.fetchall()


def _in_schema(schema: str) -> AbstractContextManager[None]:
    if schema == "public":
        return nullcontext()
    # Plain Django doesn't have the app.
    from django_tenants.utils import schema_context

    context: AbstractContextManager[None] = schema_context(schema)
    return context


def backend_pid(schema: str) -> int:
    """Return the id of the PostgreSQL process that serves this connection."""
    with _in_schema(schema), connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (process_id,) = cursor.fetchone() or (0,)
    return int(process_id)
