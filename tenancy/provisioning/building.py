"""The two ways to create a tenant's schema: real migrations, and replaying a snapshot."""

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import AddIndex, RemoveIndex, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.utils import translation
from django_tenants.utils import get_tenant_model, quote_schema_name

from tenancy import privileges
from tenancy.context import workspace_context
from tenancy.postgresql.statements import execute
from tenancy.provisioning.catalogue import alone_in

# The form that `rendering` writes.
CREATES_TABLE = re.compile('CREATE TABLE "([^"]+)" ')


class BuildError(RuntimeError):
    """A migration fails in the transaction that creates a schema: no tenant can be opened."""


class OneTransactionExecutor(MigrationExecutor):
    """Applies migrations in the caller's transaction, to a schema that no other process sees.

    Operations that run outside a transaction elsewhere have to work within this one.
    """

    def apply_migration(
        self, state: ProjectState, migration: Any, *args: Any, **options: Any
    ) -> ProjectState:
        """Apply one migration. Raises `BuildError`, which names it."""
        if not migration.atomic:
            # The list of this instance, which the executor's own loader has made.
            migration.operations = [_within_transaction(each) for each in migration.operations]
        try:
            state = super().apply_migration(state, migration, *args, **options)
            # A commit would do the same: a table with pending constraint checks can't be altered.
            connection.check_constraints()
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            raise BuildError(
                f"The migration {migration} fails in the transaction that makes a tenant's "
                f"schema: {error}"
            ) from error
        return state


def _within_transaction(operation: Operation) -> Operation:
    """Return an equivalent operation without `CONCURRENTLY`.

    A subclass may do more: it stays as it is, and fails in the transaction.
    """
    if type(operation) is AddIndexConcurrently:
        return AddIndex(operation.model_name, operation.index)
    if type(operation) is RemoveIndexConcurrently:
        return RemoveIndex(operation.model_name, operation.name)
    if type(operation) is SeparateDatabaseAndState:
        return SeparateDatabaseAndState(
            [_within_transaction(each) for each in operation.database_operations],
            operation.state_operations,
        )
    return operation


def migrate(schema_name: str) -> None:
    """Run the migrations that a schema lacks."""
    call_command("migrate_schemas", schema_name=schema_name, interactive=False, verbosity=0)


def build(schema_name: str) -> None:
    """Create a schema by real migrations, in the caller's transaction, or leave nothing.

    Raises `BuildError` when one of them fails.
    """
    with transaction.atomic():
        execute([f"CREATE SCHEMA {quote_schema_name(schema_name)}"])
        tenant = get_tenant_model()(schema_name=schema_name)
        with workspace_context(tenant), translation.override(None):
            # What Django's `migrate` does in an empty schema.
            executor = OneTransactionExecutor(connection)
            targets = executor.loader.graph.leaf_nodes()
            plan = executor.migration_plan(targets)
            state = ProjectState()
            emit_pre_migrate_signal(0, False, connection.alias, apps=state.apps, plan=plan)
            state = executor.migrate(targets, plan, state)
            state.clear_delayed_apps_cache()
            emit_post_migrate_signal(0, False, connection.alias, apps=state.apps, plan=plan)


def replay(schema_name: str, script: Iterable[str]) -> None:
    """Create a schema from a snapshot's statements in the caller's transaction, or leave nothing.

    One round trip for all of it. Raises the database's error for the statement that failed.
    """
    script = list(script)
    # PostgreSQL would look for the tables among those of all schemas.
    tables = [found[1] for found in map(CREATES_TABLE.match, script) if found]
    granting = privileges.tenant_statements(schema_name, tables)
    with transaction.atomic():
        execute([f"CREATE SCHEMA {quote_schema_name(schema_name)}"])
        # Without public: a table missing from the snapshot must not resolve to public's.
        with alone_in(schema_name) as here:
            here.pipeline([*script, *granting])
