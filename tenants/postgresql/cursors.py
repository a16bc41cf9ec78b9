"""The cursor that puts the context in front of what it executes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.db import NotSupportedError
from psycopg.pq import TransactionStatus

from tenants.postgresql.context import with_context

if TYPE_CHECKING:
    from psycopg import ClientCursor

    from tenants.postgresql.base import DatabaseWrapper

    Cursor = ClientCursor[Any]
else:
    from django.db.backends.postgresql.base import Cursor

REFUSED = "{} would go round the tenant's context: use execute()."


class ContextCursor(Cursor):
    """A client-side binding cursor, bound to the wrapper that knows the context.

    One that Django's housekeeping opens on the raw connection has no wrapper, and sees what
    the connection shows by itself: `pg_catalog` alone.
    """

    wrapper: "DatabaseWrapper | None" = None

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Self:
        """Execute `query` in the wrapper's context, in one round trip.

        Raises `ContextMissingError` when the wrapper has none.
        """
        if (wrapper := self.wrapper) is None:
            return super().execute(query, params, **kwargs)
        status = self.connection.pgconn.transaction_status
        statement = wrapper.context_to_send(status)
        if statement:
            query = with_context(statement, query, self.connection)
        try:
            super().execute(query, params, **kwargs)
        except BaseException:
            # What psycopg refuses was never sent, and its context neither.
            wrapper.context_failed()
            raise
        if statement:
            self.nextset()
        wrapper.context_was_sent(self.statusmessage, in_transaction=self._in_transaction())
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **_: Any) -> None:
        """Execute `query` once for each set of parameters, each in context."""
        for params in params_seq:
            self.execute(query, params)

    def copy(self, *_: Any, **__: Any) -> NoReturn:
        raise NotSupportedError(REFUSED.format("copy()"))

    def stream(self, *_: Any, **__: Any) -> NoReturn:
        raise NotSupportedError(REFUSED.format("stream()"))

    def _in_transaction(self) -> bool:
        return self.connection.pgconn.transaction_status == TransactionStatus.INTRANS
