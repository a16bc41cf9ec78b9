"""Schemas to compare: one by replay, one by migrations, in a transaction that is taken back."""

import pytest
from django.db import connection

from tenancy.context import database_role, public_context, workspace_context
from tenancy.models import new_schema_name
from tenancy.provisioning.building import build, replay
from tenancy.provisioning.fingerprint import release_digest
from tenancy.provisioning.snapshots import snapshot_of
from tenants.models import Tenant
from tenants.roles import SIGNUP


@pytest.fixture
def release_script(db):
    """The running release's script, which migrating the test's database has made."""
    with public_context(SIGNUP):
        return snapshot_of(release_digest())


@pytest.fixture
def replayed(release_script):
    return _replayed(release_script)


@pytest.fixture
def another(release_script):
    """A second one. In the tenants' own, other tests have moved the identities on."""
    return _replayed(release_script)


def _replayed(script):
    with database_role(SIGNUP), public_context():
        name = new_schema_name()
        replay(name, script)
    return name


@pytest.fixture
def migrated(db):
    with database_role(SIGNUP), public_context():
        name = new_schema_name()
        build(name)
    return name


@pytest.fixture
def run_in():
    """Run statements in a schema, as who owns it."""

    def run(schema_name, *statements):
        here = workspace_context(Tenant(schema_name=schema_name))
        with database_role(SIGNUP, within=here), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return run
