"""Statements on their way to the database: each by itself, or several in one message."""

from collections.abc import Iterable
from typing import Any

from django.db import connection


def execute(statements: Iterable[str]) -> None:
    """Run statements in the context, each by itself: Citus wants what changes tables so."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def at_once(statements: Iterable[str], using: Any = None) -> list[list[tuple[Any, ...]]]:
    """Run statements in the context in one message, and return the rows of each.

    Each sees what was committed before it began, like a statement by itself. In a thousand
    schemas a round trip more is a second more. (A pipeline sends each on its own, and works more.)
    """
    with (using or connection).cursor() as cursor:
        cursor.execute(";\n".join(statements))
        answers = [_rows(cursor)]
        while cursor.nextset():
            answers.append(_rows(cursor))
    return answers


def composed(statement: str, values: list[Any]) -> str:
    """Return a statement with its values in it, quoted, for those who send several at once."""
    operations: Any = connection.ops
    return str(operations.compose_sql(statement, values))


def _rows(cursor: Any) -> list[tuple[Any, ...]]:
    return list(cursor.fetchall()) if cursor.description else []
