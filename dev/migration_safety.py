"""Refuses migrations that the release before can't live with: they expand first, then contract.

django-migration-linter defines what is unsafe in PostgreSQL; it checks the SQL of our own
migrations. No database is needed.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

from dev.paths import ROOT

LIST = ROOT / "dev" / "migration_safety.toml"
PAGE = "docs/migrations.md"
# Citus takes a column, and then a constraint that has a name.
UNNAMED_CHECK = re.compile(r"ADD COLUMN .* CHECK \(")
SCHEMAS = ("public", "tenants", "both")
# What PostgreSQL refuses within a transaction.
UNTRANSACTIONAL = re.compile(r"\b(CONCURRENTLY|VACUUM)\b", re.IGNORECASE)
MIXED = "a RunPython or RunSQL beside a change of tables, whose locks it holds: make it two"
OUTSIDE = (
    "a RunSQL that PostgreSQL refuses within a transaction, in which a new tenant's schema is made:"
    " make and remove indexes by AddIndexConcurrently and RemoveIndexConcurrently"
)
PLACELESS = (
    "a RunPython or RunSQL that doesn't say where it runs, and would run in public and in each"
    " tenant's schema: add hints={'schema': 'public'}, 'tenants' or 'both'"
)
MOVED = (
    "it moves {} between public and the tenants' schemas: make a new model there, copy the rows,"
    " and remove the old one"
)
IRREVERSIBLE = "a RunPython or RunSQL without a way back: give it a reverse, or a noop"


def main() -> int:
    import django

    django.setup()
    found = list(findings(tomllib.loads(LIST.read_text())))
    print("\n".join(found))
    return 1 if found else 0


def findings(listed: dict[str, dict[str, str]]) -> Iterator[str]:
    """Yield a sentence for each unsafe migration that isn't listed, and each listed in vain."""
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, ignore_no_migrations=True)
    needed = set()
    for key, migration in sorted((loader.disk_migrations or {}).items()):
        if not _is_new(key, listed["baseline"]):
            continue
        name = ".".join(key)
        # A table that moves has no SQL to look at.
        faults = [*_faults_in_placement(loader, key)] or [
            *_faults_in_sql(loader, key),
            *_faults_in_operations(migration),
        ]
        needed |= {name} if faults else set()
        if faults and name not in listed.get("contracting", {}):
            yield f"{name}: {'; '.join(faults)}. See {PAGE}."
    for name in sorted(set(listed.get("contracting", {})) - needed):
        yield f"{name} is listed in {LIST.name}, and needs no exception."


def _is_new(key: tuple[str, str], baseline: dict[str, str]) -> bool:
    app_label, name = key
    return app_label in baseline and name[: len(baseline[app_label])] > baseline[app_label]


def _faults_in_sql(loader: Any, key: tuple[str, str]) -> Iterator[str]:
    from django.db import connection
    from django_migration_linter.sql_analyser.analyser import analyse_sql_statements
    from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

    migration = loader.graph.nodes[key]
    state = loader.project_state(key, at_end=False)
    with _offline(), connection.schema_editor(collect_sql=True, atomic=False) as editor:
        migration.apply(state, editor, collect_sql=True)
    statements = [line for line in editor.collected_sql if not line.startswith("--")]
    if migration.atomic:
        statements = ["BEGIN;", *statements, "COMMIT;"]
    errors, _ignored, _warnings = analyse_sql_statements(PostgresqlAnalyser, statements)
    yield from sorted({issue.message for issue in errors})
    if any(map(UNNAMED_CHECK.search, statements)):
        yield "a column with an unnamed CHECK: add the column, then a constraint with a name"


def _faults_in_operations(migration: Any) -> Iterator[str]:
    from django.db.migrations import RunPython, RunSQL

    from tenancy.tables import tenant_labels

    if not all(operation.reversible for operation in migration.operations):
        yield IRREVERSIBLE
    about_rows = [isinstance(each, RunPython | RunSQL) for each in migration.operations]
    if any(about_rows) and not all(about_rows):
        yield MIXED
    placed = [each for each in _flat(migration.operations) if isinstance(each, RunPython | RunSQL)]
    found = [each for each in placed if isinstance(each, RunSQL)]
    is_tenants = migration.app_label in tenant_labels()
    if is_tenants and any(each.hints.get("schema") not in SCHEMAS for each in placed):
        yield PLACELESS
    if is_tenants and any(UNTRANSACTIONAL.search(str(each.sql)) for each in found):
        yield OUTSIDE


def _faults_in_placement(loader: Any, key: tuple[str, str]) -> Iterator[str]:
    before, after = (_placements(loader, key, at_end=at_end) for at_end in (False, True))
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            yield MOVED.format(name)


def _placements(loader: Any, key: tuple[str, str], *, at_end: bool) -> dict[str, bool]:
    """Return whether each of the app's models has its table in public alone, by its name."""
    from tenancy.fields import SchemaNameField

    models = loader.project_state(key, at_end=at_end).models
    return {
        state.name: any(isinstance(field, SchemaNameField) for field in state.fields.values())
        for (app_label, _name), state in models.items()
        if app_label == key[0]
    }


def _flat(operations: Sequence[Any]) -> Iterator[Any]:
    for operation in operations:
        yield operation
        yield from _flat(getattr(operation, "database_operations", ()))


@contextmanager
def _offline() -> Iterator[None]:
    """Answer what Django asks a database for as one that holds nothing would."""
    from django.db import connection, router

    asked: Any = connection
    with (
        mock.patch.object(router, "routers", []),
        mock.patch.object(asked.ops, "compose_sql", _composed),
        mock.patch.object(asked.introspection, "get_constraints", return_value={}),
        mock.patch.object(asked.introspection, "get_sequences", return_value=[]),
    ):
        yield


def _composed(sql: str, params: Sequence[Any] | None) -> str:
    from psycopg import sql as psycopg_sql

    return sql % tuple(psycopg_sql.quote(each) for each in params) if params else sql


if __name__ == "__main__":
    sys.exit(main())
