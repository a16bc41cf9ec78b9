"""The guards of the database backend: what a connection sends, and what it takes for sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from tenancy.postgresql import cursors, search_path
from tenancy.postgresql.base import DatabaseWrapper
from tenancy.postgresql.cursors import ContextCursor
from tenancy.postgresql.driver import DeadlineConnection
from tests.promises.isolation.mutations import mutation


@mutation("A savepoint's rollback takes its context with it", "runs_a_program")
def remembers_across_savepoints():
    with patch.object(cursors, "KEEPING", cursors.KEEPING | {b"ROLLBACK"}):
        yield


@mutation("psycopg's own savepoint takes its context with it", "runs_a_program")
def remembers_across_commands():
    real = DeadlineConnection.wait

    def wait(self, *args, **kwargs):
        sent = self.sent_context
        try:
            return real(self, *args, **kwargs)
        finally:
            self.sent_context = sent

    with patch.object(DeadlineConnection, "wait", wait):
        yield


@mutation("Each statement of a message is looked at", "runs_a_program")
def looks_at_the_last_statement_alone():
    real = ContextCursor._note

    def note(self, *args):
        every, self._results = self._results, self._results[-1:]
        real(self, *args)
        self._results = every

    with patch.object(ContextCursor, "_note", note):
        yield


@mutation("What ran behind a rollback in one message is not shown", "runs_a_program")
def shows_what_ran_behind_a_rollback():
    with patch.object(cursors, "UNDOING", frozenset()):
        yield


@mutation("A context is forgotten with its transaction", "runs_a_program")
def remembers_across_transactions():
    real = DatabaseWrapper.context_to_send

    def to_send(self, raw):
        search_path = real(self, raw)
        known, self.__dict__["remembered"] = self.__dict__.get("remembered"), search_path
        return None if search_path == known else search_path

    with (
        patch.object(DatabaseWrapper, "context_to_send", to_send),
        statement_changed(for_the_session),
    ):
        yield


@mutation("What was never sent is not noted", "runs_a_program")
def believes_what_was_refused():
    real = DatabaseWrapper.context_to_send

    def to_send(self, raw):
        raw.wanted = real(self, raw)
        return raw.wanted

    def note_all_the_same(self):
        self.sent_context = self.wanted

    with (
        patch.object(DatabaseWrapper, "context_to_send", to_send),
        patch.object(DeadlineConnection, "is_in_doubt", note_all_the_same),
    ):
        yield


@mutation("The context ends with the transaction", "runs_a_program", quick=True)
def sets_it_for_the_session():
    with statement_changed(for_the_session):
        yield


@mutation(
    "A query without a context is refused",
    "runs_a_program",
    "streams",
    database=("GRANT SELECT ON public.accounts_user, public.accounts_profile TO {tenant}",),
    refusal="permission denied",
)
def falls_back_to_public():
    real = DatabaseWrapper._wanted_path

    def wanted(self):
        if self.schema_name:
            return real(self)
        return search_path.search_path("public", public_schema=None)

    with patch.object(DatabaseWrapper, "_wanted_path", wanted):
        yield


@mutation("A thread starts without a context", "runs_a_program")
def threads_inherit():
    """As where the context is a variable of the process."""
    last: list[Any] = []
    real, wanted = DatabaseWrapper.set_tenant, DatabaseWrapper._wanted_path

    def remember(self, tenant, include_public=True):
        if tenant.schema_name:
            last.append(tenant)
        real(self, tenant, include_public)

    def inherit(self):
        if not self.schema_name and last:
            real(self, last[-1])
        return wanted(self)

    with (
        patch.object(DatabaseWrapper, "set_tenant", remember),
        patch.object(DatabaseWrapper, "_wanted_path", inherit),
    ):
        yield


def for_the_session(statement: str) -> str:
    return statement.replace("true)", "false)")


@contextmanager
def statement_changed(change: Callable[[str], str]) -> Iterator[None]:
    """Change what is sent in front of each transaction."""
    real = cursors.context_statement

    def changed(path: str, role: str) -> str:
        statement = change(real(path, role))
        assert statement != real(path, role), "This mutation changes nothing any more."
        return statement

    with patch.object(cursors, "context_statement", changed):
        yield
