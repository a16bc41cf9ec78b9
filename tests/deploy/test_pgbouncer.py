"""The files for PgBouncer: what they say, and that the service works through what they make."""

import re

import psycopg
import pytest
from django.db import connection

from tenancy import timeouts
from tenancy.context import public_context, workspace_context
from tenancy.models import SchemaSnapshot
from tenants.domains import hosts
from tenants.models import Tenant
from tenants.roles import OPERATOR
from tests.bouncers import PROGRAM, SERVERS, through_bouncer
from tests.pool import open_one

SETTING = re.compile(r"^ALTER ROLE saas IN DATABASE saas SET (\w+) = '?(\w+?)'?;$", re.MULTILINE)
needs_pgbouncer = pytest.mark.skipif(not PROGRAM, reason="pgbouncer is not installed")


@pytest.fixture
def bouncer(committed, administrator, tmp_path):
    with through_bouncer(connection, administrator, tmp_path):
        yield


def show(name):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return cursor.fetchone()[0]


def test_the_login_is_told_what_a_pages_connection_would_say(root):
    said = dict(SETTING.findall((root / "deploy" / "pgbouncer.sql").read_text()))

    limits = timeouts.DATABASE_TIMEOUTS["web"].as_parameters()
    assert said == {
        "search_path": "pg_catalog",
        **{name: f"{seconds}s" for name, seconds in limits.items()},
    }


@needs_pgbouncer
def test_a_tenant_opens_and_answers_through_it(bouncer, acme, client_of):
    opened = open_one()

    for tenant in (opened, acme):
        page = client_of(tenant).get("/accounts/login/").content.decode()
        assert tenant.name in page
    with public_context(OPERATOR):
        assert Tenant.objects.filter(slug="initech").exists()
        # Its schema came by the script: many statements in one message.
        assert SchemaSnapshot.objects.exists()


@needs_pgbouncer
def test_the_limits_hold_through_it_and_nothing_stays_on_a_connection(bouncer, acme):
    for _ in range(2 * SERVERS):
        with workspace_context(acme):
            assert acme.schema_name in show("search_path")
            assert show("statement_timeout") == "20s"
        # Past our cursors, as nobody does.
        bare = connection.connection.execute("SHOW search_path").fetchone()
        who = connection.connection.execute("SELECT current_user = session_user").fetchone()
        assert (bare, who) == (("pg_catalog",), (True,))


@needs_pgbouncer
def test_who_gets_no_connection_is_asked_to_come_back(
    committed, administrator, tmp_path, acme, client_of
):
    one = {"default_pool_size": "1", "query_wait_timeout": "1"}
    with through_bouncer(connection, administrator, tmp_path, **one):
        given = connection.settings_dict
        with psycopg.connect(
            host=given["HOST"], port=given["PORT"], dbname=given["NAME"], user=given["USER"],
            password=given["PASSWORD"],
        ) as other:  # fmt: skip
            other.execute("SELECT 1")
            hosts.memory.clear()

            answer = client_of(acme, raise_request_exception=False).get("/accounts/login/")

            assert answer.status_code == 503
            assert int(answer["Retry-After"]) > 0
        assert client_of(acme).get("/accounts/login/").status_code == 200
