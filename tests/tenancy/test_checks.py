"""What the database must be like."""

import psycopg
import pytest
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import isolate_apps

from accounts.models import User
from tenancy import checks, privileges
from tenancy.checks import (
    database_is_utf8,
    declared_roles_are_defined,
    shared_models_are_declared,
)
from tenancy.context import workspace_context
from tenancy.models import TenantRow
from tenancy.shared_tables import EVERYTHING, OWN_ROWS, SharedTable
from tenants.models import DirectoryEntry, Domain, Tenant
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


class Meta:
    app_label = "tenants"


def made(name, *bases, **attributes):
    """Return a model that no app lists."""
    with isolate_apps("tenants"):
        return type(name, bases, {"__module__": __name__, "Meta": Meta, **attributes})


@pytest.fixture
def rows(monkeypatch):
    """Make a model of the table of all tenants, and the only one that the checks see."""

    def make(name, *bases, **attributes):
        model = made(name, *(bases or [TenantRow]), **attributes)
        monkeypatch.setattr(checks, "tenant_rows", lambda: [model])
        return model

    return make


def test_a_row_refers_to_no_row_of_a_tenant(rows):
    parent = rows("Parent")
    assert checks.keys_lead_to_no_tenants_row() == []

    for field in (
        models.ForeignKey(DirectoryEntry, models.CASCADE),
        models.OneToOneField(Tenant, models.CASCADE),
        models.ManyToManyField(Domain),
    ):
        rows("Child", field=field)
        (error,) = checks.keys_lead_to_no_tenants_row()
        assert error.id == "tenancy.E010"
        assert "Child.field refers to " in error.msg
    rows("Special", parent)
    (error,) = checks.keys_lead_to_no_tenants_row()
    assert "Special.parent_ptr refers to Parent" in error.msg


def test_what_is_unique_in_a_table_of_all_tenants_names_the_schema(rows):
    class Constrained(Meta):
        constraints = [
            models.UniqueConstraint(fields=["schema_name", "slug"], name="own"),
            models.UniqueConstraint("slug", name="everywhere"),
        ]

    class Together(Meta):
        unique_together = [("slug", "size")]

    rows("Plain", slug=models.CharField(max_length=9))
    assert checks.unique_values_are_a_tenants_own() == []

    for meta, is_unique, names in (
        (Meta, True, "slug"), (Constrained, False, "F(slug)"), (Together, False, "size, slug"),
    ):  # fmt: skip
        slug = models.CharField(max_length=9, unique=is_unique)
        rows("Slug", slug=slug, size=models.IntegerField(), Meta=meta)
        (error,) = checks.unique_values_are_a_tenants_own()
        assert error.id == "tenancy.E013"
        assert f"Slug has {names} unique across all tenants." in error.msg


@pytest.mark.parametrize(
    "declared",
    [
        SharedTable({"tenant": EVERYTHING}),
        SharedTable({"tenant": EVERYTHING}, rows={"tenant": "true"}),
        SharedTable({"tenant": EVERYTHING}, rows={"tenant": lambda: "true OR user_id IS NULL"}),
    ],
)
def test_no_declaration_widens_a_tenants_rows_beyond_its_own(monkeypatch, declared):
    monkeypatch.setattr(DirectoryEntry, "shared_table", declared)

    *_others, policy = privileges.table_statements(DirectoryEntry._meta.db_table)

    own = OWN_ROWS.format(public="public")
    assert policy.startswith("CREATE POLICY tenant ")
    assert f"USING ({own}" in policy
    assert " OR " not in policy or f"{own} AND (true OR user_id IS NULL)" in policy


def test_a_proxy_declares_nothing_for_the_table_of_its_model(monkeypatch):
    class Proxy(Meta):
        proxy = True

    declared = SharedTable({"visitor": EVERYTHING})
    proxy = made("Proxy", DirectoryEntry, Meta=Proxy, shared_table=declared)
    shared = [*privileges.shared_models(), proxy]
    monkeypatch.setattr(privileges, "shared_models", lambda: shared)

    declared = privileges.shared_tables()[DirectoryEntry._meta.db_table]

    assert declared.privileges == DirectoryEntry.shared_table.privileges


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
