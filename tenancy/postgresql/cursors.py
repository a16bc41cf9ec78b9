"""The cursor that puts the context in front of what it executes."""

from collections.abc import Iterable
from itertools import dropwhile
from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.db import NotSupportedError
from psycopg.pq import TransactionStatus

from tenancy.postgresql.search_path import (
    Context,
    ContextUndoneError,
    context_statement,
    with_context,
)

if TYPE_CHECKING:
    from psycopg import ClientCursor

    from tenancy.postgresql.base import DatabaseWrapper
    from tenancy.postgresql.driver import DeadlineConnection

    class Cursor(ClientCursor[Any]):
        @property
        def connection(self) -> DeadlineConnection: ...
else:
    from django.db.backends.postgresql.base import Cursor

# Command tags (PostgreSQL, "Message Formats", CommandComplete) of statements that keep the search
# path and the role. After any other the context is sent again.
KEEPING = set(
    b"SELECT INSERT UPDATE DELETE MERGE SAVEPOINT RELEASE LOCK "
    b"CREATE ALTER DROP TRUNCATE COMMENT GRANT REVOKE".split()
)
# These undo what was set for the transaction. The tag of ROLLBACK TO SAVEPOINT is ROLLBACK.
UNDOING = {b"ROLLBACK", b"COMMIT"}
# These touch no table, so they may follow one that undoes the context.
TRANSACTION = UNDOING | {b"BEGIN", b"START", b"SAVEPOINT", b"RELEASE"}
REFUSED = "{} would go round the tenant's context: use execute()."
UNDONE = (
    "A statement stands behind a ROLLBACK or COMMIT in one message, and ran without its tenant's "
    "context. Execute them one by one."
)


class ContextCursor(Cursor):
    """A client-side binding cursor, bound to the wrapper that holds the context.

    A cursor that Django opens on the raw connection for its own queries has no wrapper, and sees
    `pg_catalog` only.
    """

    wrapper: "DatabaseWrapper | None" = None

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Self:
        """Execute `query` in the wrapper's context, in one round trip.

        Raises `ContextMissingError` when the wrapper has none, and `ContextUndoneError` when a
        statement follows a ROLLBACK or COMMIT in `query`.
        """
        if (wrapper := self.wrapper) is None:
            return super().execute(query, params, **kwargs)
        known = self.connection.sent_context
        context = wrapper.context_to_send(self.connection)
        if context:
            query = with_context(context_statement(*context), query, self.connection)
        try:
            super().execute(query, params, **kwargs)
        except BaseException:
            self.connection.is_in_doubt()
            raise
        self.connection.note_answer()
        if context:
            self.nextset()
        self._note(wrapper, context or known)
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **_: Any) -> None:
        """Execute `query` once for each set of parameters, each in context."""
        for params in params_seq:
            self.execute(query, params)

    def copy(self, *_: Any, **__: Any) -> NoReturn:
        raise NotSupportedError(REFUSED.format("copy()"))

    def stream(self, *_: Any, **__: Any) -> NoReturn:
        raise NotSupportedError(REFUSED.format("stream()"))

    def _note(self, wrapper: "DatabaseWrapper", context: Context | None) -> None:
        """Note the transaction's context, unless a statement may have changed it.

        One message can hold several statements. One that follows an undone context may have worked
        in another tenant's schema: its rows are withheld, and the transaction is to be rolled back.
        """
        tags = [(result.command_status or b"").partition(b" ")[0] for result in self._results]
        if not TRANSACTION.issuperset(dropwhile(lambda tag: tag not in UNDOING, tags)):
            self.close()
            wrapper.refuse_transaction()
            raise ContextUndoneError(UNDONE)
        status = self.connection.pgconn.transaction_status
        if tags and KEEPING.issuperset(tags) and status == TransactionStatus.INTRANS:
            self.connection.sent_context = context
