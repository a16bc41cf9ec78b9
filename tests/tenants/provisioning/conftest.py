"""Schemas to compare: one by replay, one by migrations, in a transaction that is taken back."""

import pytest
from django.db import connection

from tasks.roles import DatabaseRole
from tasks.workspace import acting_as, public_context, workspace_context
from tenants.models import Tenant, new_schema_name
from tenants.provisioning.building import build, replay
from tenants.provisioning.digest import release_digest
from tenants.provisioning.script import script_of


@pytest.fixture
def release_script(db):
    """The running release's script, which migrating the test's database has made."""
    with public_context(DatabaseRole.SIGNUP):
        return script_of(release_digest())


@pytest.fixture
def replayed(release_script):
    return _replayed(release_script)


@pytest.fixture
def another(release_script):
    """A second one. In the tenants' own, other tests have moved the identities on."""
    return _replayed(release_script)


def _replayed(script):
    with acting_as(DatabaseRole.SIGNUP), public_context():
        name = new_schema_name()
        replay(name, script)
    return name


@pytest.fixture
def migrated(db):
    with acting_as(DatabaseRole.SIGNUP), public_context():
        name = new_schema_name()
        build(name)
    return name


@pytest.fixture
def run_in():
    """Run statements in a schema, as who owns it."""

    def run(schema_name, *statements):
        here = workspace_context(Tenant(schema_name=schema_name))
        with acting_as(DatabaseRole.SIGNUP, within=here), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return run
