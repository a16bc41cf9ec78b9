"""The schema editor: it ends its transaction even when its last statements fail."""

import sys
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from django.db.backends.postgresql.schema import DatabaseSchemaEditor

if TYPE_CHECKING:
    from tenancy.postgresql.base import DatabaseWrapper


class SchemaEditor(DatabaseSchemaEditor):
    """Django's editor, with a transaction that ends even when a deferred statement fails.

    Django runs these before it leaves the transaction: a failure there leaves it open, and later
    writes on the connection are lost. Without a transaction it works in a separate session:
    statements that can't run in one can't share a message with their context either.
    """

    connection: "DatabaseWrapper"
    collect_sql: bool
    atomic_migration: bool

    def __enter__(self) -> Self:
        self._session = ExitStack()
        inside = self.atomic_migration or self.connection.in_atomic_block
        if not inside and not self.collect_sql:
            self._session.enter_context(self.connection.alone())
        return super().__enter__()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._session:
            try:
                if exc_type is None:
                    deferred, self.deferred_sql = self.deferred_sql, []
                    for statement in deferred:
                        self.execute(statement, None)
            except BaseException:
                super().__exit__(*sys.exc_info())
                raise
            super().__exit__(exc_type, exc_value, traceback)
