"""What PostgreSQL's catalogue says of a schema, as far as a script can tell it again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connection, connections

from tasks.workspace import workspace_context
from tenants.models import Tenant
from tenants.postgresql.base import DatabaseWrapper

QUERIES = Path(__file__).parent / "queries"


class NotRenderableError(RuntimeError):
    """A schema holds what no script of ours can make: real migrations have to."""


@dataclass(frozen=True)
class Column:
    """One column of a table. `identity` is `a` or `d`, `generated` is `s` or `v`, or empty."""

    name: str
    type: str
    collation: str | None
    is_required: bool
    default: str | None
    identity: str
    generated: str
    sequence: str | None
    last_value: int | None
    comment: str | None


@dataclass
class Table:
    """A table with what belongs to it; definitions are PostgreSQL's own words."""

    name: str
    columns: list[Column] = field(default_factory=list)
    constraints: list[tuple[str, str]] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    comment: str | None = None


@contextmanager
def alone_in(schema_name: str) -> Iterator[DatabaseWrapper]:
    """Work in a schema with nothing else on the search path: names of others come out whole."""
    here = cast("DatabaseWrapper", connections[DEFAULT_DB_ALIAS])
    with workspace_context(Tenant(schema_name=schema_name)), here.without_public():
        yield here


def read_tables(schema_name: str) -> list[Table]:
    """Return the tables of a schema, each after those it refers to.

    Asked `alone_in` it. Raises `NotRenderableError` on what a script couldn't tell, by name.
    """
    _refuse_foreign(schema_name)
    tables: dict[str, Table] = {}
    for name, *column in look("columns", schema_name):
        tables.setdefault(name, Table(name)).columns.append(Column(*column))
    for name, constraint, definition, referred in look("constraints", schema_name):
        tables[name].constraints.append((constraint, definition))
        tables[name].references |= {referred} - {None, name}
    for name, index in look("indexes", schema_name):
        tables[name].indexes.append(_unqualified(index, schema_name))
    for name, comment in look("comments", schema_name):
        tables[name].comment = comment
    return list(_in_order(tables))


def read_rows(table: Table) -> list[list[str]]:
    """Return a table's rows in the order in which they were written, as SQL literals."""
    columns = ", ".join(f"quote_nullable({quote(c.name)}::text)" for c in written(table))
    return [list(row) for row in ask(f"SELECT {columns} FROM {quote(table.name)} ORDER BY ctid")]  # noqa: S608  # nosec B608  # Names of the catalogue, quoted.


def written(table: Table) -> list[Column]:
    """Return the columns that an INSERT may name."""
    return [column for column in table.columns if not column.generated]


def look(name: str, schema_name: str) -> list[tuple[Any, ...]]:
    """Return what one of our queries finds in a schema."""
    return ask((QUERIES / f"{name}.sql").read_text(), schema=schema_name)


def ask(query: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a question to the schema of the context."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters or None)
        return list(cursor.fetchall())


def quote(name: str) -> str:
    """Return a name as an identifier."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _refuse_foreign(schema_name: str) -> None:
    if found := [name for (name,) in look("foreign", schema_name)]:
        raise NotRenderableError(f"No script can make these: {', '.join(found)}.")


def _unqualified(definition: str, schema_name: str) -> str:
    """Take the schema out of an index's definition, where PostgreSQL always puts it."""
    return definition.replace(f" ON {schema_name}.", " ON ", 1)


def _in_order(tables: dict[str, Table]) -> Iterator[Table]:
    graph: dict[str, Iterable[str]] = defaultdict(set)
    graph |= {name: sorted(table.references) for name, table in tables.items()}
    try:
        yield from (tables[name] for name in TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise NotRenderableError(f"Tables refer to each other: {error.args[1]}.") from None
