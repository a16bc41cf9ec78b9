"""The raw connection: it gives up on a server that doesn't answer, however open the line is.

PostgreSQL's own limits hold as long as PostgreSQL runs. One that is frozen, or a machine behind
a proxy that swallows bytes, keeps its connections and says nothing; whoever waited for it would
wait for ever.

It also counts the schemas it has been in: PostgreSQL's process remembers each table that it was
asked about, for as long as the connection lasts.
"""

import random
import select
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import SimpleNamespace
from typing import Any, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

from tenants.postgresql.context import Context

Answer = TypeVar("Answer")
FOR_EVER = {"statement": 0, "grace": 0, "check": 0}
# For so many seconds after an answer a server isn't asked whether it is there.
TRUSTED = 5
# Connections that were made together aren't worn together: each takes this share at least.
LEAST_SHARE = 0.75


class PatientConnection(psycopg.Connection[Any]):
    """Waits for each answer as long as a statement may take, and a little; 0 is for ever."""

    # In seconds: the server's own limit, what it may take to say so, and for a mere check.
    answers = FOR_EVER
    # How many schemas it may see before another takes its place; 0 is any number.
    room = 0
    seen: set[str]
    # The context that the server has in the present transaction; None where that isn't known.
    sent_context: Context | None = None
    _heard_at = float("-inf")
    _statement_here = 0.0
    _only_checks = False

    @classmethod
    def connect(  # type: ignore[override]  # Two keywords more.
        cls,
        conninfo: str = "",
        *,
        answers: dict[str, int] | None = None,
        most_schemas: int = 0,
        **options: Any,
    ) -> Self:
        """Connect as psycopg does.

        `answers` is how long to wait for them (`saas/timeouts.py`), `most_schemas` after how many
        the connection `is_worn`.
        """
        connection = super().connect(conninfo, **options)
        connection.answers = answers or FOR_EVER
        # Nothing that has to be kept secret hangs on this chance.
        share = random.uniform(LEAST_SHARE, 1)  # noqa: S311
        connection.room = max(1, round(most_schemas * share)) if most_schemas else 0
        connection.seen = set()
        return connection

    # --- What it has seen ---

    @property
    def is_worn(self) -> bool:
        """Whether it has seen as many schemas as it may, and nothing of its work is open."""
        return bool(
            self.room
            and len(self.seen) >= self.room
            and self.pgconn.transaction_status == TransactionStatus.IDLE
        )

    def retire(self) -> None:
        """Have the pool close it when it comes back, and connect anew where nobody waits."""
        self._expire_at = float("-inf")

    # --- Whether somebody is there ---

    def was_heard(self) -> None:
        """Note that the server has answered."""
        self._heard_at = monotonic()

    def is_in_doubt(self) -> None:
        """Have the next check ask, however lately the server has answered."""
        self._heard_at = float("-inf")

    @property
    def is_fresh(self) -> bool:
        """Whether the server has answered a moment ago, and has not ended the connection since.

        One that has would have said so: then there is something to read.
        """
        return monotonic() - self._heard_at < TRUSTED and is_silent(self)

    # --- Waiting ---

    def allow(self, seconds: float) -> None:
        """Let statements of the present transaction take so long, if that is longer."""
        self._statement_here = seconds

    @contextmanager
    def only_checking(self) -> Iterator[None]:
        """Ask within the block what takes no work: who doesn't answer that at once is away."""
        self._only_checks = True
        try:
            yield
        finally:
            self._only_checks = False

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Execute as psycopg does. The pool asks nothing at all, to see whether we live."""
        if query:
            return super().execute(query, *args, **kwargs)
        if self.is_fresh:
            return None
        with self.only_checking():
            return super().execute(query, *args, **kwargs)

    def wait(
        self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None
    ) -> Answer:
        """Wait as psycopg does. Raises `OperationalError`, and closes, when nothing comes.

        Every command passes here: those of cursors, and those of psycopg's own `transaction()`,
        `commit()` and `rollback()`. Any of them may undo a context that was sent before, so it
        is forgotten; `ContextCursor` notes it again where it has seen that it stands.
        """
        self.sent_context = None
        patience = self._patience()
        if timeout is not None or not patience:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, patience)
        except psycopg.errors._WaitTimeout as error:  # noqa: SLF001  # It has no other name.
            # Whatever comes later would answer the wrong question.
            self.pgconn.finish()
            raise psycopg.OperationalError("The server doesn't answer.") from error

    def _patience(self) -> float:
        if self._only_checks:
            return self.answers["check"]
        if self.pgconn.transaction_status == TransactionStatus.IDLE:
            self._statement_here = 0.0
        if not self.answers["statement"]:
            return 0
        return max(self.answers["statement"], self._statement_here) + self.answers["grace"]


def is_silent(connection: "psycopg.Connection[Any]") -> bool:
    """Whether a connection is open and idle, with nothing to read from it. Asks nobody."""
    if connection.pgconn.transaction_status != TransactionStatus.IDLE:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)


# What Django takes for the driver.
driver = SimpleNamespace(**{**vars(psycopg), "connect": PatientConnection.connect})
