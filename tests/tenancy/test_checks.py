"""What the database must be like."""

import psycopg
import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import User
from tenancy.checks import (
    database_is_utf8,
    declared_roles_are_defined,
    shared_models_are_declared,
)
from tenancy.context import workspace_context
from tenancy.shared_tables import SharedTable
from tenants.models import DirectoryEntry, Domain
from tests.contexts import public_context


@pytest.fixture
def ascii_database(committed, administrator):
    """A database as initdb makes it where no language is set."""
    name = "test_ascii"
    with psycopg.connect(administrator, autocommit=True) as server:
        server.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII'"
            " LOCALE_PROVIDER libc LOCALE 'C'"
        )
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    yield
    connection.close()
    connection.settings_dict["NAME"] = before
    with psycopg.connect(administrator, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_database_in_utf8_is_fine(db):
    assert database_is_utf8(databases=["default"]) == []


def test_a_database_that_cannot_fold_names_is_refused(ascii_database):
    (error,) = database_is_utf8(databases=["default"])

    assert error.id == "tenancy.E001"
    assert "SQL_ASCII" in error.msg


def test_a_shared_model_that_declares_nothing_is_refused(monkeypatch):
    assert shared_models_are_declared() == []
    monkeypatch.delattr(Domain, "shared_table")

    (error,) = shared_models_are_declared()

    assert (error.id, error.obj) == ("tenancy.E003", Domain)


def test_a_role_that_no_app_defines_is_refused(monkeypatch):
    assert declared_roles_are_defined() == []
    monkeypatch.setattr(DirectoryEntry, "shared_table", SharedTable({"tennant": "SELECT"}))

    (error,) = declared_roles_are_defined()

    assert error.id == "tenancy.E004"
    assert "'tennant'" in error.msg


def test_introspection_describes_the_current_schemas_table_alone(acme):
    with workspace_context(acme), connection.cursor() as cursor:
        inspector = connection.introspection
        table = User._meta.db_table

        columns = [column.name for column in inspector.get_table_description(cursor, table)]
        assert sorted(columns) == sorted(field.column for field in User._meta.local_fields)
        assert "user_email_unique" in inspector.get_constraints(cursor, table)
        assert inspector.get_relations(cursor, "accounts_profile")["user_id"] == ("id", table)
        assert inspector.get_sequences(cursor, "django_admin_log")[0]["column"] == "id"
        assert inspector.get_table_description(cursor, "accounts_user") is not None
        assert inspector.get_constraints(cursor, "tenants_tenant") == {}


def test_migrations_are_recorded_in_each_schema(acme):
    with public_context():
        shared = MigrationRecorder(connection).applied_migrations()
    with workspace_context(acme):
        own = MigrationRecorder(connection).applied_migrations()

    assert ("tenants", "0001_initial") in shared
    assert ("accounts", "0001_initial") in own
