"""The connection wrapper: it holds the tenant, and gives its cursors the context."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import NotSupportedError
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base as postgresql
from django.db.transaction import TransactionManagementError
from django_tenants.postgresql_backend import base as django_tenants
from django_tenants.utils import get_public_schema_name
from psycopg.pq import TransactionStatus

from tenancy.postgresql.cursors import ContextCursor
from tenancy.postgresql.driver import DeadlineConnection, driver
from tenancy.postgresql.introspection import SchemaIntrospection
from tenancy.postgresql.schema_editor import SchemaEditor
from tenancy.postgresql.search_path import (
    Context,
    ContextMissingError,
    NoTenant,
    context_statement,
    role_name,
    search_path,
)
from tenancy.timeouts import DatabaseTimeouts

logger = logging.getLogger(__name__)

# The roles of contexts that name none.
TENANT_ROLE = "tenant"
VISITOR_ROLE = "visitor"


class DatabaseWrapper(django_tenants.DatabaseWrapper):
    """django-tenants' connection with transaction-local context that fails closed.

    `set_tenant`, `tenant_context` and `schema_context` work as they do there. But a new connection
    has no context, a query without one raises, and the search path is never set for a session.
    """

    SchemaEditorClass = SchemaEditor
    Database = driver

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._lasting: Context | None = None
        self._acting_role: str | None = None
        self._needs_context = True
        # Read with each query, and constant.
        self._public = get_public_schema_name()
        super().__init__(*args, **kwargs)
        if pool := self.settings_dict.get("OPTIONS", {}).get("pool"):
            pool["connection_class"] = DeadlineConnection
        self.introspection = SchemaIntrospection(self)
        self.clear_tenant()
        # The connection that creates databases works in a database without tenants.
        self._needs_context = self.alias != NO_DB_ALIAS

    # --- Which context ---

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """Work in the tenant's schema from here on. Sends nothing by itself."""
        self._replace_if_used_up(tenant.schema_name)
        self.tenant = tenant
        self.schema_name = tenant.schema_name
        self.include_public_schema = include_public

    def clear_tenant(self) -> None:
        """Leave every context: the next query raises `ContextMissingError`."""
        self.set_tenant(NoTenant())

    @contextmanager
    def working_in(self, tenant: Any) -> Iterator[None]:
        """Work in the tenant's schema for the block, as `tenant_context` does."""
        before = self.tenant
        self.set_tenant(tenant)
        try:
            yield
        finally:
            self.set_tenant(before)

    @contextmanager
    def without_public(self) -> Iterator[None]:
        """Remove public from the search path for the block."""
        before, self.include_public_schema = self.include_public_schema, False
        try:
            yield
        finally:
            self.include_public_schema = before

    @contextmanager
    def database_role(self, role: str) -> Iterator[None]:
        """Use this role in every context of the block."""
        before, self._acting_role = self._acting_role, role
        try:
            yield
        finally:
            self._acting_role = before

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Open a separate session with this context for the block, and close it afterwards.

        For statements that can't share a message with their context, such as CREATE INDEX
        CONCURRENTLY. No lock timeout: cancelling leaves an invalid index. Only outside
        transactions.
        """
        lasting = (self._wanted_path(), self._wanted_role())
        self.close()
        try:
            with self.cursor() as cursor:
                cursor.execute(context_statement(*lasting, lasting=True))
                unlimited = DatabaseTimeouts(statement=0, lock=0)
                cursor.execute(unlimited.as_statement(is_local=False))
                self._lasting = lasting
            yield
        finally:
            self._lasting = None
            # Close the session itself: a pool would reuse it.
            if self.connection is not None:
                self.connection.close()
            self.close()

    # --- Context to send ---

    def context_to_send(self, connection: DeadlineConnection) -> Context | None:
        """Return the context that the next query must carry; None when it needs none or has it.

        Raises `ContextMissingError` without a tenant. Within a transaction the context is sent
        once; in an aborted one nothing is sent, as only a rollback can follow.
        """
        status = connection.pgconn.transaction_status
        if not self._needs_context or status == TransactionStatus.INERROR:
            return None
        wanted = (self._wanted_path(), self._wanted_role())
        is_inside = status == TransactionStatus.INTRANS
        if wanted == (connection.sent_context if is_inside else self._lasting):
            return None
        connection.visited.add(str(self.schema_name))
        return wanted

    def refuse_transaction(self) -> None:
        """Mark the open transaction, if any, for rollback."""
        if self.in_atomic_block:
            self.needs_rollback = True

    def _wanted_path(self) -> str:
        if not self.schema_name:
            raise ContextMissingError(
                "This query has no tenant. Run it inside tenant_context(tenant), or inside "
                "public_context() when it is about the shared tables."
            )
        public = self._public if self.include_public_schema else None
        return search_path(self.schema_name, public_schema=public)

    def _wanted_role(self) -> str:
        """Return the role of `database_role`, or else the context's own."""
        own = TENANT_ROLE if self.schema_name != self._public else VISITOR_ROLE
        role = str(self._acting_role or getattr(self.tenant, "role", own))
        return role_name(self.settings_dict["USER"], role)

    # --- Pipelines ---

    def pipeline(self, statements: Iterable[str]) -> None:
        """Execute single statements in the context, in one round trip, in a transaction.

        Raises the database's error for the first statement that fails; the later ones aren't
        executed. Raises `TransactionManagementError` outside a transaction.
        """
        if not self.in_atomic_block:
            raise TransactionManagementError("A pipeline wants a transaction around it.")
        self.validate_no_broken_transaction()
        context = self.context_to_send(self.connection)
        first = context_statement(*context) if context else ""
        with self.wrap_database_errors, self.connection.pipeline():
            cursor = psycopg.Cursor(self.connection)
            for statement in filter(None, (first, *statements)):
                cursor.execute(statement, prepare=False)

    # --- Open transactions ---

    @property
    def depth(self) -> int:
        """The number of open transactions and savepoints.

        A dropped connection keeps its list of them until Django connects again.
        """
        return len(self.atomic_blocks) if self.in_atomic_block else 0

    @contextmanager
    def dropped_if_left_open(self) -> Iterator[None]:
        """Drop the connection after the block if transactions of the block are still open.

        Its next user would write into a transaction that is never committed.
        """
        depth = self.depth
        try:
            yield
        finally:
            if self.depth > depth:
                logger.error("A transaction was left open: its connection is dropped.")
                self.in_atomic_block = False
                self.close()

    # --- Replacing connections ---

    def _replace_if_used_up(self, next_schema: str | None) -> None:
        """Close a connection that has reached its limit of schemas, before it visits another.

        Only between transactions, when no context stays on the connection. With a pool, also as
        soon as the work ends: the pool reconnects in the background. Without one the next request
        would wait for the connection, though it may need a schema that was visited already.
        """
        raw = self.connection
        if raw is None or not raw.is_used_up or self.in_atomic_block or self._lasting:
            return
        if next_schema in raw.visited or not (next_schema or self.pool):
            return
        raw.retire()
        self.close()

    # --- Django's hooks ---

    def create_cursor(self, name: str | None = None) -> Any:
        if name:
            raise NotSupportedError("Server-side cursors would not carry the tenant's context.")
        cursor = super().create_cursor()
        cursor.wrapper = self
        return cursor

    def _cursor(self, name: str | None = None) -> Any:
        """Open a cursor as Django does: django-tenants would send a session-level SET here."""
        return postgresql.DatabaseWrapper._cursor(self, name)  # type: ignore[attr-defined]  # noqa: SLF001  # Its own base class.

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "cursor_factory": ContextCursor}

    def is_usable(self) -> bool:
        """Whether the connection works. Queries the server only in case of doubt."""
        if self.connection is None:
            return False
        if self.connection.is_fresh and not self.errors_occurred:
            return True
        with self.connection.only_checking():
            return bool(super().is_usable())

    def take_time(self, seconds: float) -> None:
        """Raise the timeout for answers in the rest of this transaction to `seconds`."""
        self.connection.allow(seconds)

    # Statements about the transaction itself touch no table: they need no context.

    def check_constraints(self, table_names: Any = None) -> None:
        with self._about_the_transaction():
            super().check_constraints(table_names)

    def _savepoint(self, sid: str) -> None:
        with self._about_the_transaction():
            super()._savepoint(sid)

    def _savepoint_rollback(self, sid: str) -> None:
        with self._about_the_transaction():
            super()._savepoint_rollback(sid)

    def _savepoint_commit(self, sid: str) -> None:
        with self._about_the_transaction():
            super()._savepoint_commit(sid)

    @contextmanager
    def _about_the_transaction(self) -> Iterator[None]:
        before, self._needs_context = self._needs_context, False
        try:
            yield
        finally:
            self._needs_context = before

    def _set_autocommit(self, autocommit: bool) -> None:
        # Django calls this with each request, and pooled connections have the wanted mode already.
        if self.connection.autocommit != autocommit:
            super()._set_autocommit(autocommit)
