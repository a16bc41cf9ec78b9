"""Sends statements that no model expresses: each by itself, or several in one message."""

from collections.abc import Iterable
from typing import Any

from django.db import connection

Rows = list[tuple[Any, ...]]


def execute(statements: Iterable[str]) -> None:
    """Execute statements in the context, each by itself: Citus requires this of DDL."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def execute_together(statements: Iterable[str], using: Any = None) -> list[Rows]:
    """Execute statements in the context in one message, and return the rows of each.

    Each sees what was committed before it began, like a statement by itself. With a thousand
    schemas one more round trip is one more second. (A pipeline sends each separately: more work.)
    """
    with (using or connection).cursor() as cursor:
        cursor.execute(";\n".join(statements))
        answers = [_rows(cursor)]
        while cursor.nextset():
            answers.append(_rows(cursor))
    return answers


def rows(query: str, parameters: Any = None) -> Rows:
    """Return the rows of a query in the context."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def composed(statement: str, values: list[Any]) -> str:
    """Return a statement with its values quoted in it, for callers that send several at once."""
    operations: Any = connection.ops
    return str(operations.compose_sql(statement, values))


def _rows(cursor: Any) -> Rows:
    return list(cursor.fetchall()) if cursor.description else []
