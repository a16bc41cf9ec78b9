"""What the fleet's tests look at, and the release that follows."""

import pytest

from tenancy.context import public_context
from tenancy.privileges import schema_statements
from tenants.models import Tenant
from tests.tenancy.schema_migrations import releases


@pytest.fixture
def next_release(release, tmp_path, settings):
    """The release that follows: for processes of its own, while this one is the one before."""
    folder = tmp_path / "next"
    folder.mkdir()
    made = releases.Release(folder, settings)
    yield made
    made.end()


@pytest.fixture
def revision_of():
    def read(tenant):
        with public_context():
            return Tenant.objects.values_list("revision", flat=True).get(pk=tenant.pk)

    return read


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
