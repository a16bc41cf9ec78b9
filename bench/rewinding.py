"""Migrations taken back, and rows for the next ones: past Django, as stock would take as long."""

from collections.abc import Iterable, Sequence

import psycopg
from psycopg import sql

# So many each tenant has when a migration comes that runs Python over them.
ROWS = 100
FORGET = "DELETE FROM {records} WHERE app = 'notes' AND name > {last}"
DROP = "ALTER TABLE {notes} DROP COLUMN IF EXISTS colour"
ADDS_COLUMN = "0002"
WRITE = """
    DELETE FROM {notes};
    INSERT INTO {notes} (id, text)
    SELECT id, 'What somebody wrote on day ' || id FROM generate_series(1, {rows}) AS id
"""


def release_batch(url: str, schemas: Iterable[str], *, to: str) -> None:
    """Undo the migrations behind this one in each schema."""
    statements = [FORGET, DROP] if to < ADDS_COLUMN else [FORGET]
    _in_each(url, schemas, statements, last=sql.Literal(f"{to}_~"))


def write(url: str, schemas: Iterable[str], rows: int = ROWS) -> None:
    """Have just so many rows in each schema."""
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
