"""Renders migrations as steps, once for all schemas: as SQL, or as operations to run in each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

from django.contrib.auth import management
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations import operations
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from tenancy import revisions
from tenancy.postgresql.statements import composed
from tenancy.tables import tenant_tables

# These do nothing besides their SQL. A subclass may do more: it counts as unknown.
PLAIN = {
    operations.AddConstraint,
    operations.AddField,
    operations.AddIndex,
    operations.AlterField,
    operations.AlterIndexTogether,
    operations.AlterModelManagers,
    operations.AlterModelOptions,
    operations.AlterModelTable,
    operations.AlterModelTableComment,
    operations.AlterOrderWithRespectTo,
    operations.AlterUniqueTogether,
    operations.CreateModel,
    operations.DeleteModel,
    operations.RemoveConstraint,
    operations.RemoveField,
    operations.RemoveIndex,
    operations.RenameField,
    operations.RenameIndex,
    operations.RunSQL,
}
# Changes of structure are quick or fail. Changes of rows may take long.
QUICK = PLAIN - {operations.RunSQL}
# The models show which tables these create; any that RunPython creates don't count.
KNOWN = PLAIN | {operations.RunPython}
# Any other callable default would be evaluated once for all schemas.
HARMLESS_DEFAULTS = {dict, list, set, tuple, str}

Permission = tuple[str, str, str, str]
# Django's receiver takes some fifty queries per schema. The result is the same in all of them, as
# content types are shared: here it is one statement.
ADD_PERMISSIONS = """
    INSERT INTO auth_permission (name, content_type_id, codename)
    SELECT * FROM unnest(%s::text[], %s::int[], %s::text[]) AS wanted (name, type, codename)
    WHERE NOT EXISTS (SELECT 1 FROM auth_permission AS had
        WHERE had.content_type_id = wanted.type AND had.codename = wanted.codename)
"""


class QueriesSchemaError(Exception):
    """An operation queries the schema that it changes."""


@dataclass(frozen=True)
class BoundOperation:
    """One operation, with the models before and after it."""

    operation: Operation
    before: ProjectState
    after: ProjectState


@dataclass(frozen=True)
class Step:
    """Brings a schema that has recorded `start` one migration further.

    `statements` is None where the `operations` themselves have to run, in each schema. `extras` are
    what Django adds after a migration, such as permissions. `records` are the migrations that count
    as applied afterwards. A migration that isn't `is_known` may have created any table, besides
    `new_tables`. A step without a migration only records.
    """

    start: frozenset[str]
    end: frozenset[str]
    migration: Migration | None = None
    operations: tuple[BoundOperation, ...] = ()
    statements: tuple[str, ...] | None = ()
    extras: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    new_tables: tuple[str, ...] = ()
    is_known: bool = True
    is_quick: bool = True
    is_last: bool = False

    def __str__(self) -> str:
        return str(self.migration or "records")

    @property
    def is_atomic(self) -> bool:
        return self.migration is None or bool(self.migration.atomic)

    @cached_property
    def reached(self) -> str:
        """The migrations part of the revision in the row afterwards."""
        return revisions.of(self.end).migrations

    @cached_property
    def recorded_rows(self) -> str:
        """The `records` as a table of SQL with an app and a name in each row."""
        apps, names = zip(*(name.split(".", 1) for name in self.records), strict=True)
        return composed("unnest(%s::text[], %s::text[])", [list(apps), list(names)])


def render(
    migration: Migration, start: frozenset[str], before: ProjectState, records: tuple[str, ...]
) -> Step:
    """Return the step of a migration, from the models before it, that records these migrations."""
    before.apps  # noqa: B018  # Rendered once; each later state is made from the one before.
    after, bound = before, []
    for operation in migration.operations:
        earlier, after = after, after.clone()
        operation.state_forwards(migration.app_label, after)
        bound.append(BoundOperation(operation, earlier, after))
    kinds = {type(each) for each in _in_database(migration.operations)}
    return Step(
        start=start,
        end=start | (set(records) & revisions.own_migrations()),
        migration=migration,
        operations=tuple(bound),
        statements=_sql(migration, bound) if is_plain(migration) else None,
        extras=_permissions(before, after, is_known=kinds <= KNOWN),
        records=records,
        new_tables=tuple(sorted(tenant_tables(after.apps) - tenant_tables(before.apps))),
        is_known=kinds <= KNOWN,
        is_quick=kinds <= QUICK,
    )


def is_plain(migration: Migration) -> bool:
    """Whether the migration does nothing but its SQL, in one transaction."""
    in_database = list(_in_database(migration.operations))
    return (
        bool(migration.atomic)
        and {type(each) for each in in_database} <= PLAIN
        and not any(map(_computes_a_default, in_database))
    )


def _in_database(given: Iterable[Operation]) -> Iterator[Operation]:
    """Yield the operations that run in the database."""
    for operation in given:
        if type(operation) is operations.SeparateDatabaseAndState:
            yield from _in_database(operation.database_operations)
        else:
            yield operation


def _computes_a_default(operation: Operation) -> bool:
    if not isinstance(operation, operations.AddField | operations.AlterField):
        return False
    default = operation.field.default
    return callable(default) and operation.field.has_default() and default not in HARMLESS_DEFAULTS


def _sql(migration: Migration, bound: list[BoundOperation]) -> tuple[str, ...] | None:
    """Return a plain migration's statements; None if it queries the schema that it changes."""
    # Django opens no transaction for this, and sends nothing.
    editor = connection.schema_editor(collect_sql=True, atomic=False)
    try:
        with connection.execute_wrapper(_refuse), editor:
            for each in bound:
                each.operation.database_forwards(
                    migration.app_label, editor, each.before, each.after
                )
    except QueriesSchemaError:
        return None
    return tuple(editor.collected_sql)


def _refuse(_execute: Callable[..., Any], sql: str, *_: Any) -> NoReturn:
    raise QueriesSchemaError(sql)


def _permissions(before: ProjectState, after: ProjectState, *, is_known: bool) -> tuple[str, ...]:
    """Return the statement that adds the permissions of the later models; none if nothing changed.

    A migration that isn't known may have changed anything: then all are added again.
    """
    wanted = sorted(_permissions_of(after))
    if is_known and set(_permissions_of(before)) == set(wanted):
        return ()
    # Rows of public, inserted now for the models that a migration of this run adds.
    rows = [ContentType.objects.get_or_create(app_label=a, model=m)[0] for a, m, _, _ in wanted]
    names, codenames = [each[3] for each in wanted], [each[2] for each in wanted]
    return (composed(ADD_PERMISSIONS, [names, [row.pk for row in rows], codenames]),)


def _permissions_of(state: ProjectState) -> Iterator[Permission]:
    for model in state.apps.get_models():
        options: Any = model._meta  # noqa: SLF001  # Documented by Django.
        # Django's own list, which is private.
        for codename, name in management._get_all_permissions(options):  # type: ignore[attr-defined]  # noqa: SLF001
            yield options.app_label, options.model_name, codename, name
