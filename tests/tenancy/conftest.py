"""What the tests of the engine share: a release with more migrations than its tenants have had."""

import io

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from tenancy.context import database_role, public_context
from tenancy.roles import MIGRATOR
from tests.tenancy.schema_migrations import releases


@pytest.fixture
def release(request, committed, tmp_path, settings):
    """Our own migrations, in a database of the test's own; add more, of the parameter's app."""
    made = releases.Release(tmp_path, settings, getattr(request, "param", "accounts"))
    made.install()
    yield made
    made.end()
    made.uninstall()


@pytest.fixture
def migrate():
    """Run the command as `manage.py` does, and return what it says."""

    def run(*arguments, **options):
        out = io.StringIO()
        options = {"tenant": True, "stdout": out, "stderr": io.StringIO(), **options}
        with database_role(MIGRATOR), public_context():
            call_command("migrate_schemas", *arguments, **options)
        return out.getvalue()

    return run


@pytest.fixture
def past(administrator, release):
    """Look at the database past the service."""
    own = psycopg.conninfo.make_conninfo(administrator, dbname=connection.settings_dict["NAME"])
    with psycopg.connect(own, autocommit=True) as plain:
        yield plain
