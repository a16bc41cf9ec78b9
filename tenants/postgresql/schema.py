"""The schema editor: leaves its transaction, however its last statements end."""

import sys
from types import TracebackType

from django.db.backends.postgresql.schema import DatabaseSchemaEditor


class SchemaEditor(DatabaseSchemaEditor):
    """Django's, with a transaction that ends even when a deferred statement fails.

    Django runs these before it leaves the transaction: a failure there leaves it open, on a
    connection that then swallows every later write.
    """

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if exc_type is None:
                self._run_deferred()
        except BaseException:
            super().__exit__(*sys.exc_info())
            raise
        super().__exit__(exc_type, exc_value, traceback)

    def _run_deferred(self) -> None:
        deferred, self.deferred_sql = self.deferred_sql, []
        for statement in deferred:
            self.execute(statement, None)
