"""Unapplies the migrations of `notes` and writes rows by SQL: stock would take minutes for it."""

from collections.abc import Iterable, Sequence

import psycopg
from psycopg import sql

# Of each tenant, when a migration comes that runs Python over them.
ROWS = 100
FORGET = "DELETE FROM {records} WHERE app = 'notes' AND name > {last}"
DROP = "ALTER TABLE {notes} DROP COLUMN IF EXISTS colour"
ADDS_COLUMN = "0002"
WRITE = """
    DELETE FROM {notes};
    INSERT INTO {notes} (id, text)
    SELECT id, 'What was written on day ' || id FROM generate_series(1, {rows}) AS id
"""


def unapply(url: str, schemas: Iterable[str], *, to: str) -> None:
    """Undo the migrations after `to` in each schema."""
    statements = [FORGET, DROP] if to < ADDS_COLUMN else [FORGET]
    _in_each(url, schemas, statements, last=sql.Literal(f"{to}_~"))


def write_rows(url: str, schemas: Iterable[str], rows: int) -> None:
    """Replace the rows of each schema."""
    _in_each(url, schemas, [WRITE], rows=sql.Literal(rows))


def _in_each(
    url: str, schemas: Iterable[str], statements: Sequence[str], **values: sql.Composable
) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("SET synchronous_commit = off")
        for schema in schemas:
            tables = {
                "notes": sql.Identifier(schema, "notes_note"),
                "records": sql.Identifier(schema, "django_migrations"),
            }
            for statement in statements:
                server.execute(sql.SQL(statement).format(**tables, **values))
