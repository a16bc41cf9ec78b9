"""Programs: contexts, transactions, savepoints and errors, nested in any order.

Each statement is checked against what its context may show, so that a context which was
forgotten, or remembered for too long, is seen at the next read.
"""

import contextlib
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.core.cache import cache
from django.db import DataError, Error, connection, transaction
from hypothesis import strategies as st

from accounts.models import Profile, User
from tenancy.errors import TenantMissingError
from tenancy.postgresql.search_path import ContextMissingError, ContextUndoneError
from tests.promises.isolation.watch import Watch
from tests.promises.isolation.world import PARTIES, TWIN, World

OPENING = (*PARTIES, "atomic", "manual")
ACTING = (
    "read", "write", "refused", "error", "many", "postpone", "late", "on_commit", "thread", "cache",
    "keep_cursor", "use_cursor", "commit", "close", "raw", "driver", "several", "behind",
)  # fmt: skip
ENDING = ("leave", "fail")
FRAMES = ("acme", "globex", "atomic", "atomic", *ENDING)


def _joined(parts: list[list[str]]) -> list[str]:
    return [operation for part in parts for operation in part]


def _blocks(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    """Put operations into a context or a transaction, which ends well or badly."""
    body = st.lists(inner, min_size=1, max_size=3).map(_joined)
    opening = st.sampled_from(("acme", "globex", "acme", "globex", "public", "manual"))
    context = st.builds(lambda name, ops: [name, *ops, "leave"], opening, body)
    atomic = st.builds(lambda ops, end: ["atomic", *ops, end], body, st.sampled_from(ENDING))
    return context | atomic | atomic | _tried_again(context)


def _tried_again(context: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    """Put one context's work before a savepoint that fails, and do again what failed there."""
    return st.builds(
        lambda before, ops: ["atomic", *before, "atomic", *ops, "fail", *ops, "leave"],
        context,
        context,
    )


_ONE = st.sampled_from(("read", "read", "read", *ACTING)).map(lambda name: [name])
_NESTED = st.lists(st.recursive(_ONE, _blocks, max_leaves=6), min_size=1, max_size=4).map(_joined)
# Any operation after any other as well: blocks need not end where they should.
_FLAT = st.lists(st.sampled_from((*FRAMES, "read", *OPENING, *ACTING)), min_size=4, max_size=16)


# What some guard is there for, and chance would take long to come upon.
_KNOWN = st.sampled_from((
    # A savepoint opens a transaction, after another one has had the same context.
    "acme atomic read leave atomic atomic read leave leave leave",
    # A context whose statement was never sent, after another one's that was.
    "acme atomic read globex refused read leave leave leave",
    "acme atomic read atomic globex read fail globex read leave",
    # Savepoints that Django does not know.
    "acme atomic read driver read leave leave",
    "acme atomic read several read leave leave",
    "acme atomic read behind leave leave",
)).map(str.split)  # fmt: skip


def programs() -> st.SearchStrategy[list[str]]:
    """Nested blocks as a rule: rare sequences of them come up sooner."""
    return _NESTED | _NESTED | _FLAT | _KNOWN


KEY = "walk:greeting"


class Planned(RuntimeError):  # noqa: N818  # It is thrown on purpose.
    """What a program throws at its contexts."""


class Manual:
    """A transaction without `atomic`: autocommit off, and on again."""

    def __enter__(self) -> None:
        transaction.set_autocommit(False)

    def __exit__(self, *error: object) -> None:
        (transaction.rollback if error[0] else transaction.commit)()
        transaction.set_autocommit(True)


@dataclass
class Program:
    """Runs operations one by one; `frames` are the contexts and transactions it is in."""

    world: World
    watch: Watch
    frames: list[tuple[str, Any]] = field(default_factory=list)
    lazy: Any = None
    cursor: Any = None

    def run(self, operations: list[str]) -> None:
        try:
            for operation in operations:
                self._do(operation)
        finally:
            while self.frames:
                self._pop(None)

    @property
    def party(self) -> str:
        return next((name for name, _ in reversed(self.frames) if name in PARTIES), "")

    def _do(self, operation: str) -> None:
        match operation:
            case "acme" | "globex" | "public":
                self._push(operation, self.world.context(operation))
            case "atomic":
                self._push("atomic", transaction.atomic())
            case "manual":
                if not connection.in_atomic_block and transaction.get_autocommit():
                    self._push("manual", Manual())
            case "leave":
                self._pop(None)
            case "fail":
                self._fail()
            case _:
                getattr(self, operation)()

    # --- Frames ---

    def _push(self, name: str, frame: Any) -> None:
        frame.__enter__()
        self.frames.append((name, frame))

    def _pop(self, error: Exception | None) -> str:
        if not self.frames:
            return ""
        name, frame = self.frames.pop()
        frame.__exit__(type(error) if error else None, error, None)
        return name

    def _fail(self) -> None:
        """An error leaves contexts and transactions, and is caught round one of these."""
        while self.frames and self._pop(Planned()) not in {"atomic", "manual"}:
            pass

    # --- Statements ---

    def read(self) -> None:
        """Read people twice, by the ORM and by hand; without a context, be refused."""
        if not self.party:
            self._refused_without_context(lambda: list(User.objects.all()))
            return
        people = list(User.objects.values_list("full_name", "profile__job_title"))
        self._is_own(people)
        with connection.cursor() as cursor:
            cursor.execute("SELECT full_name FROM accounts_user")
            self._is_own(cursor.fetchall())

    def _is_own(self, rows: Any, party: str = "") -> None:
        party = party or self.party
        self.watch.look(repr(rows), party, "A query")
        if self.world.marks[party].letter not in "".join(
            text.partition("canary")[0][-1:] for row in rows for text in map(str, row)
        ):
            self.watch.refuse(f"A query in {party} does not find {party}'s own people: {rows}")

    def _refused_without_context(self, query: Any) -> None:
        try:
            found = query()
        except (ContextMissingError, TenantMissingError):
            return
        self.watch.refuse(f"Without a context this was answered: {found!r}")

    def write(self) -> None:
        if self.party:
            word = self.world.word(self.party, "written")
            Profile.objects.filter(pk=TWIN).update(job_title=word)

    def many(self) -> None:
        if self.party:
            word = self.world.word(self.party, "many")
            with connection.cursor() as cursor:
                cursor.executemany(
                    "UPDATE accounts_profile SET region = %s WHERE user_id = %s",
                    [(word, TWIN), (word, TWIN)],
                )

    def refused(self) -> None:
        """A statement that psycopg refuses before it is sent."""
        if self.party:
            try:
                User.objects.filter(full_name="\0").exists()
            except (DataError, ValueError):
                return
            self.watch.refuse("A NUL went to the database.")

    def error(self) -> None:
        """A statement that the database refuses, in a savepoint of its own."""
        if self.party:
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("SELECT 1/0")
            except Error:
                return

    def postpone(self) -> None:
        self.lazy = User.objects.values_list("full_name")

    def late(self) -> None:
        """Evaluate a queryset that was made earlier, maybe in another context, or in none."""
        if self.lazy is None:
            return
        rows, self.lazy = self.lazy, None
        if self.party:
            self._is_own(list(rows))
        else:
            self._refused_without_context(lambda: list(rows))

    def keep_cursor(self) -> None:
        self.cursor = connection.cursor()

    def use_cursor(self) -> None:
        """Use a cursor that was opened earlier, maybe in another context, or in none."""
        cursor, self.cursor = self.cursor, None
        if cursor is None or cursor.cursor.closed or cursor.cursor.connection.closed:
            return
        statement = "SELECT full_name FROM accounts_user"
        if self.party:
            cursor.execute(statement)
            self._is_own(cursor.fetchall())
        else:
            self._refused_without_context(lambda: cursor.execute(statement))

    def on_commit(self) -> None:
        """What runs at the commit sees the context of the commit, or is refused."""

        def callback() -> None:
            frames = [(self._ambient(), None)]
            Program(self.world, self.watch, frames if frames[0][0] else []).read()

        if connection.in_atomic_block or transaction.get_autocommit():
            transaction.on_commit(callback)

    def _ambient(self) -> str:
        schema = connection.schema_name
        return next((p for p in PARTIES if self.world.marks[p].schema == schema), "")

    def commit(self) -> None:
        if not connection.in_atomic_block and not transaction.get_autocommit():
            transaction.commit()

    def close(self) -> None:
        if not connection.in_atomic_block and transaction.get_autocommit():
            self.lazy = self.cursor = None
            connection.close()

    def driver(self) -> None:
        """Roll back to a savepoint of psycopg's own, behind which another context was sent."""
        if not self._is_in_transaction():
            return
        with contextlib.suppress(Planned), connection.connection.transaction():
            self._read_in_another_context()
            raise Planned
        self._read_in_another_context()

    def several(self) -> None:
        """Roll back to a savepoint in the middle of one message."""
        if not self._is_in_transaction():
            return
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT several")
            self._read_in_another_context()
            cursor.execute(
                "SELECT 1; ROLLBACK TO SAVEPOINT several; RELEASE SAVEPOINT several",
            )
        self._read_in_another_context()

    def behind(self) -> None:
        """Read behind a rollback in one message, in another context than the savepoint's."""
        if not self._is_in_transaction() or not connection.in_atomic_block:
            return
        other = self._another_party()
        message = "ROLLBACK TO SAVEPOINT behind; SELECT full_name FROM accounts_user"
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SAVEPOINT behind")
            with self.world.context(other), contextlib.suppress(ContextUndoneError):
                cursor.execute(message)
                cursor.nextset()
                cursor.nextset()
                self._is_own(cursor.fetchall(), other)

    def _is_in_transaction(self) -> bool:
        is_open = connection.in_atomic_block or not transaction.get_autocommit()
        return bool(self.party) and is_open and not connection.needs_rollback

    def _another_party(self) -> str:
        return "globex" if self.party == "acme" else "acme"

    def _read_in_another_context(self) -> None:
        other = self._another_party()
        with self.world.context(other):
            self._is_own(User.objects.values_list("full_name"), other)

    def raw(self) -> None:
        """Past our cursors there is no table, whatever the context."""
        if connection.in_atomic_block or connection.connection is None:
            return
        if not transaction.get_autocommit():
            return
        row = connection.connection.execute("SELECT to_regclass('accounts_user')").fetchone()
        if row != (None,):
            self.watch.refuse(f"The bare connection sees {row}.")

    def cache(self) -> None:
        """What one wrote under a key, nobody else finds there."""
        if not self.party:
            self._refused_without_context(lambda: cache.get(KEY))
            return
        if found := cache.get(KEY):
            self.watch.look(found, self.party, "The cache")
        cache.set(KEY, self.world.word(self.party, "cached"))

    def thread(self) -> None:
        """A new thread has no context, whoever starts it."""
        is_free = not connection.in_atomic_block and transaction.get_autocommit()
        if self.world.pooled == 1 and not is_free:
            return  # There is no second connection to ask on: it would wait in vain.
        if self.world.pooled and is_free:
            connection.close()
        answers: list[object] = []

        def work() -> None:
            for ask in (User.objects.count, partial(cache.get, KEY)):
                try:
                    answers.append(ask())
                except (ContextMissingError, TenantMissingError, Error):
                    continue
            connection.close()

        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
        if answers:
            self.watch.refuse(f"A new thread was answered without a context: {answers}")
