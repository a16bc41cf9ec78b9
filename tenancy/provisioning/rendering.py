"""Renders a schema as a snapshot: single statements, unqualified, constraints inline.

Citus distributes tables created in this form; in any other they stay on one node.
"""

import re
from collections.abc import Iterator

from tenancy.provisioning.catalogue import (
    Column,
    NotRenderableError,
    Table,
    alone_in,
    quote,
    read_rows,
    read_tables,
    written,
)

# When a migration ran in this schema: it differs from schema to schema.
APPLIED = ("django_migrations", "applied")
IDENTITIES = {"a": "ALWAYS", "d": "BY DEFAULT"}
GENERATED = {"s": "STORED", "v": "VIRTUAL"}
# PostgreSQL's suffix of a constraint that existing rows were not checked against.
UNCHECKED = " NOT VALID"
STRING_LIST = re.compile(r"\(ARRAY\[((?:'(?:[^']|'')*'::character varying(?:, )?)+)\]\)::text\[\]")


def render(schema_name: str) -> list[str]:
    """Return the statements that create what a migrated schema holds, its rows included.

    Raises `NotRenderableError` for what it recognises and can't render; `comparison` finds what it
    doesn't recognise.
    """
    with alone_in(schema_name):
        tables = read_tables(schema_name)
        script = [_with_cast_list(each) for table in tables for each in _structure(table)]
        script += [each for table in tables for each in _contents(table)]
        # Inside CREATE TABLE, these constraints would be marked as valid.
        script += [
            _with_cast_list(f"ALTER TABLE {quote(table.name)} ADD {line}")
            for table in tables
            for line in _constraints(table)
            if line.endswith(UNCHECKED)
        ]
    if any(schema_name in statement for statement in script):
        raise NotRenderableError(f"Something names the schema {schema_name} itself.")
    return script


def _with_cast_list(statement: str) -> str:
    """Write a list of strings so that PostgreSQL stores it as in the migrated schema.

    It shows the condition `role IN ('a', 'b')` in a form that it would parse as a cast of each
    string instead of the list: a constraint with the same meaning and another definition.
    """
    return STRING_LIST.sub(r"(ARRAY[\1]::character varying[])::text[]", statement)


def _structure(table: Table) -> Iterator[str]:
    named = {definition for _name, definition in table.constraints}
    lines = [
        *(_column(table, column, named) for column in table.columns),
        *(line for line in _constraints(table) if not line.endswith(UNCHECKED)),
    ]
    yield f"CREATE TABLE {quote(table.name)} ({', '.join(lines)})"
    yield from table.indexes
    name = quote(table.name)
    if table.comment:
        yield f"COMMENT ON TABLE {name} IS {literal(table.comment)}"
    for column in table.columns:
        if column.comment:
            yield f"COMMENT ON COLUMN {name}.{quote(column.name)} IS {literal(column.comment)}"


def _constraints(table: Table) -> Iterator[str]:
    for name, definition in table.constraints:
        yield f"CONSTRAINT {quote(name)} {definition}"


def _column(table: Table, column: Column, named: set[str]) -> str:
    parts = [quote(column.name), column.type]
    if column.collation:
        parts.append(f"COLLATE {column.collation}")
    if column.generated:
        parts.append(f"GENERATED ALWAYS AS ({column.default}) {GENERATED[column.generated]}")
    elif column.default:
        parts.append(f"DEFAULT {column.default}")
    if column.identity:
        parts.append(f"GENERATED {IDENTITIES[column.identity]} AS IDENTITY")
        if column.sequence and column.sequence != f"{table.name}_{column.name}_seq":
            parts.append(f"(SEQUENCE NAME {quote(column.sequence)})")
    # From PostgreSQL 18 on, it is among the constraints, by name.
    if column.is_required and not any(each.startswith("NOT NULL ") for each in named):
        parts.append("NOT NULL")
    return " ".join(parts)


def _contents(table: Table) -> Iterator[str]:
    """Yield the statements that insert the rows, and then those that set the sequences."""
    columns, rows = written(table), read_rows(table)
    if rows:
        names = ", ".join(quote(column.name) for column in columns)
        values = ", ".join(f"({', '.join(_values(table, columns, row))})" for row in rows)
        given = " OVERRIDING SYSTEM VALUE" if any(c.identity == "a" for c in columns) else ""
        yield f"INSERT INTO {quote(table.name)} ({names}){given} VALUES {values}"  # noqa: S608  # nosec B608  # Names and values are quoted by PostgreSQL.
    for column in columns:
        if column.sequence and column.last_value is not None:
            where = literal(quote(column.sequence))
            yield f"SELECT pg_catalog.setval({where}, {column.last_value})"


def _values(table: Table, columns: list[Column], row: list[str]) -> Iterator[str]:
    for column, value in zip(columns, row, strict=True):
        yield "pg_catalog.now()" if (table.name, column.name) == APPLIED else value


def literal(text: str) -> str:
    """Return a text as a literal that doesn't depend on PostgreSQL's settings."""
    escaped = text.replace("'", "''").replace("\\", "\\\\")
    return f" E'{escaped}'" if "\\" in text else f"'{escaped}'"
