"""The raw connection: it times out on a server that doesn't answer.

PostgreSQL's own timeouts hold as long as PostgreSQL runs. A frozen server, or a proxy that drops
packets, keeps connections open without answering: without a timeout the client waits for ever.

It also counts the schemas that it has visited: a PostgreSQL backend keeps the metadata of each
table it has read in memory for as long as the connection lasts.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import SimpleNamespace
from typing import Any, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

from tenancy.postgresql.search_path import Context
from tenancy.sockets import is_silent

Answer = TypeVar("Answer")
FOR_EVER = {"statement": 0, "grace": 0, "check": 0}
# Seconds after an answer within which the server isn't checked.
TRUSTED = 5
# Spreads the replacement of connections that were opened together: each gets at least this share.
LEAST_SHARE = 0.75


class DeadlineConnection(psycopg.Connection[Any]):
    """Waits for each answer as long as a statement may take, plus a grace period; 0 is for ever."""

    # In seconds: the server's own limit, the grace to report it, and the limit of a mere check.
    answers = FOR_EVER
    # How many schemas it may visit before it is replaced; 0 is any number.
    max_schemas = 0
    visited: set[str]
    # The context that the server has in the present transaction; None where that isn't known.
    sent_context: Context | None = None
    _answered_at = float("-inf")
    _statement_here = 0.0
    _only_checks = False

    @classmethod
    def connect(  # type: ignore[override]  # Two additional keywords.
        cls,
        conninfo: str = "",
        *,
        answers: dict[str, int] | None = None,
        most_schemas: int = 0,
        **options: Any,
    ) -> Self:
        """Connect as psycopg does.

        `answers` are the timeouts for answers in seconds (`tenancy/timeouts.py`); after
        `most_schemas` schemas the connection `is_used_up`.
        """
        connection = super().connect(conninfo, **options)
        connection.answers = answers or FOR_EVER
        # Not security-relevant.
        share = random.uniform(LEAST_SHARE, 1)  # noqa: S311
        connection.max_schemas = max(1, round(most_schemas * share)) if most_schemas else 0
        connection.visited = set()
        return connection

    # --- Schemas visited ---

    @property
    def is_used_up(self) -> bool:
        """Whether it has visited as many schemas as it may, and no transaction is open."""
        return bool(
            self.max_schemas
            and len(self.visited) >= self.max_schemas
            and self.pgconn.transaction_status == TransactionStatus.IDLE
        )

    def retire(self) -> None:
        """Have the pool close it when it is returned, and reconnect in the background."""
        self._expire_at = float("-inf")

    # --- Liveness ---

    def note_answer(self) -> None:
        """Note that the server has answered."""
        self._answered_at = monotonic()

    def is_in_doubt(self) -> None:
        """Have the next check query the server, however recent its last answer is."""
        self._answered_at = float("-inf")

    @property
    def is_fresh(self) -> bool:
        """Whether the server answered in the last `TRUSTED` seconds and hasn't hung up since."""
        is_recent = monotonic() - self._answered_at < TRUSTED
        is_idle = self.pgconn.transaction_status == TransactionStatus.IDLE
        return is_recent and is_idle and is_silent(self.fileno())

    # --- Waiting ---

    def allow(self, seconds: float) -> None:
        """Allow statements of the present transaction this many seconds, if that is longer."""
        self._statement_here = seconds

    @contextmanager
    def only_checking(self) -> Iterator[None]:
        """Apply the short timeout of a check to the block's queries."""
        self._only_checks = True
        try:
            yield
        finally:
            self._only_checks = False

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Execute as psycopg does. The pool sends an empty query to check the connection."""
        if query:
            return super().execute(query, *args, **kwargs)
        if self.is_fresh:
            return None
        with self.only_checking():
            return super().execute(query, *args, **kwargs)

    def wait(
        self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None
    ) -> Answer:
        """Wait as psycopg does. On timeout, closes the connection and raises `OperationalError`.

        Every command passes here: those of cursors, and those of psycopg's own `transaction()`,
        `commit()` and `rollback()`. Any of them may undo a context that was sent before, so it is
        cleared; `ContextCursor` sets it again where the context still holds.
        """
        self.sent_context = None
        limit = self._answer_timeout()
        if timeout is not None or not limit:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, limit)
        except psycopg.errors._WaitTimeout as error:  # noqa: SLF001  # It has no public name.
            # A late answer would be taken for the answer to the next query.
            self.pgconn.finish()
            raise psycopg.OperationalError("The server doesn't answer.") from error

    def _answer_timeout(self) -> float:
        if self._only_checks:
            return self.answers["check"]
        if self.pgconn.transaction_status == TransactionStatus.IDLE:
            self._statement_here = 0.0
        if not self.answers["statement"]:
            return 0
        return max(self.answers["statement"], self._statement_here) + self.answers["grace"]


# The namespace that Django uses as the driver.
driver = SimpleNamespace(**{**vars(psycopg), "connect": DeadlineConnection.connect})
