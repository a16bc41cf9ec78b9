"""Which operations are plain SQL, the same in every schema, and that SQL."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from django.db import connection
from django.db.migrations import operations
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

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
# Any other callable default would be evaluated once for all schemas.
HARMLESS_DEFAULTS = {dict, list, set, tuple, str}


# Changes of structure are quick or fail. Changes of rows may take long.
QUICK = PLAIN - {operations.RunSQL}
KNOWN = PLAIN | {operations.RunPython}


class AsksDatabaseError(Exception):
    """An operation queries the schema that it changes."""


@dataclass(frozen=True)
class Move:
    """One operation, with the models before and after it."""

    operation: Operation
    before: ProjectState
    after: ProjectState


def is_plain(migration: Migration) -> bool:
    """Whether the migration does nothing but its SQL, in one transaction."""
    kinds = all(type(each) in PLAIN for each in _operations(migration.operations))
    computed = any(map(_computes_a_default, _operations(migration.operations)))
    return bool(migration.atomic) and kinds and not computed


def is_known(migration: Migration) -> bool:
    """Whether the models show which tables it creates; any that RunPython creates don't count."""
    return all(type(each) in KNOWN for each in _operations(migration.operations))


def is_quick(migration: Migration) -> bool:
    """Whether it changes only the structure of a schema, and touches no rows by itself."""
    return all(type(each) in QUICK for each in _operations(migration.operations))


def _operations(given: Iterable[Operation]) -> Iterator[Operation]:
    """Yield the operations that run in the database."""
    for operation in given:
        if type(operation) is operations.SeparateDatabaseAndState:
            yield from _operations(operation.database_operations)
        else:
            yield operation


def _computes_a_default(operation: Operation) -> bool:
    if not isinstance(operation, operations.AddField | operations.AlterField):
        return False
    default = operation.field.default
    return callable(default) and operation.field.has_default() and default not in HARMLESS_DEFAULTS


def render(migration: Migration, moves: Sequence[Move]) -> tuple[str, ...]:
    """Return the statements of a plain migration. Raises `AsksDatabaseError`."""
    # Django opens no transaction for this, and sends nothing.
    editor = connection.schema_editor(collect_sql=True, atomic=False)
    with connection.execute_wrapper(_refuse), editor:
        for move in moves:
            move.operation.database_forwards(migration.app_label, editor, move.before, move.after)
    return tuple(editor.collected_sql)


def _refuse(_execute: Callable[..., Any], sql: str, *_: Any) -> NoReturn:
    raise AsksDatabaseError(sql)
