"""A few tenants, and a release with more migrations than they have had."""

import io

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from tasks.roles import DatabaseRole
from tasks.workspace import acting_as, public_context
from tenants.models import Tenant
from tenants.privileges import schema_statements
from tests.tenants.fleet import toys


@pytest.fixture
def release(committed, tmp_path, settings):
    """Our own migrations, in a database of the test's own; add more."""
    made = toys.Release(tmp_path, settings)
    made.install()
    yield made
    made.end()
    made.uninstall()


@pytest.fixture
def next_release(release, tmp_path, settings):
    """The release that follows: for processes of its own, while this one is the one before."""
    folder = tmp_path / "next"
    folder.mkdir()
    made = toys.Release(folder, settings)
    yield made
    made.end()


@pytest.fixture
def migrate():
    """Run the command as `manage.py` does, and return what it says."""

    def run(*arguments, **options):
        out = io.StringIO()
        options = {"tenant": True, "stdout": out, "stderr": io.StringIO(), **options}
        with acting_as(DatabaseRole.MIGRATOR), public_context():
            call_command("migrate_schemas", *arguments, **options)
        return out.getvalue()

    return run


@pytest.fixture
def revision_of():
    def read(tenant):
        with public_context():
            return Tenant.objects.values_list("revision", flat=True).get(pk=tenant.pk)

    return read


@pytest.fixture
def past(administrator, release):
    """Look at the database past the service."""
    own = psycopg.conninfo.make_conninfo(administrator, dbname=connection.settings_dict["NAME"])
    with psycopg.connect(own, autocommit=True) as plain:
        yield plain


@pytest.fixture
def columns_of(past):
    """Return the columns of a tenant's table."""

    def read(tenant, table="accounts_invitation"):
        found = past.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = %s",
            [tenant.schema_name, table],
        )
        return {name for (name,) in found}

    return read


@pytest.fixture
def noted_by(past):
    """Return how often each migration is noted in a tenant's schema."""

    def read(tenant):
        found = past.execute(
            f"SELECT app || '.' || name, count(*) FROM \"{tenant.schema_name}\".django_migrations"
            " GROUP BY 1"
        )
        return dict(found.fetchall())

    return read


@pytest.fixture
def emptied(past):
    """The same database before its first migration."""
    past.execute("DROP SCHEMA public CASCADE")
    past.execute("CREATE SCHEMA public")
    for statement in schema_statements():
        past.execute(statement)
    return past
