"""What PostgreSQL's catalogue says about a schema, as far as a snapshot can reproduce it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import cast

from django.db import DEFAULT_DB_ALIAS, connections
from django_tenants.utils import get_tenant_model

from tenancy.context import workspace_context
from tenancy.postgresql.base import DatabaseWrapper
from tenancy.postgresql.statements import Rows, rows

QUERIES = Path(__file__).parent / "queries"


class NotRenderableError(RuntimeError):
    """A schema holds an object that no snapshot can create: it needs real migrations."""


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
    """A table with what belongs to it; definitions are PostgreSQL's own text."""

    name: str
    columns: list[Column] = field(default_factory=list)
    constraints: list[tuple[str, str]] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    comment: str | None = None


@contextmanager
def alone_in(schema_name: str) -> Iterator[DatabaseWrapper]:
    """Work with the schema alone on the search path: names in other schemas come out qualified."""
    here = cast("DatabaseWrapper", connections[DEFAULT_DB_ALIAS])
    with workspace_context(get_tenant_model()(schema_name=schema_name)), here.without_public():
        yield here


def read_tables(schema_name: str) -> list[Table]:
    """Return the tables of a schema, each after those it refers to.

    Call it `alone_in` the schema. Raises `NotRenderableError`, naming what a snapshot can't create.
    """
    if foreign := [name for (name,) in query_rows("foreign", schema_name)]:
        raise NotRenderableError(f"No script can make these: {', '.join(foreign)}.")
    tables: dict[str, Table] = {}
    for name, *column in query_rows("columns", schema_name):
        tables.setdefault(name, Table(name)).columns.append(Column(*column))
    for name, constraint, definition, referred in query_rows("constraints", schema_name):
        tables[name].constraints.append((constraint, definition))
        tables[name].references |= {referred} - {None, name}
    for name, index in query_rows("indexes", schema_name):
        # PostgreSQL always writes the schema there.
        tables[name].indexes.append(index.replace(f" ON {schema_name}.", " ON ", 1))
    for name, comment in query_rows("comments", schema_name):
        tables[name].comment = comment
    return list(_in_order(tables))


def read_rows(table: Table) -> list[list[str]]:
    """Return a table's rows in physical order (`ctid`), as SQL literals."""
    columns = ", ".join(f"quote_nullable({quote(c.name)}::text)" for c in written(table))
    return [list(row) for row in rows(f"SELECT {columns} FROM {quote(table.name)} ORDER BY ctid")]  # noqa: S608  # nosec B608  # Names of the catalogue, quoted.


def written(table: Table) -> list[Column]:
    """Return the columns that an INSERT may name."""
    return [column for column in table.columns if not column.generated]


def query_rows(name: str, schema_name: str) -> Rows:
    """Return the rows of a query in `queries/` about a schema."""
    return rows((QUERIES / f"{name}.sql").read_text(), {"schema": schema_name})


def quote(name: str) -> str:
    """Return a name as a quoted identifier."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _in_order(tables: dict[str, Table]) -> Iterator[Table]:
    graph: dict[str, Iterable[str]] = defaultdict(set)
    graph |= {name: sorted(table.references) for name, table in tables.items()}
    try:
        yield from (tables[name] for name in TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise NotRenderableError(f"Tables refer to each other: {error.args[1]}.") from None
