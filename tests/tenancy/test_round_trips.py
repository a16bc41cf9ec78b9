"""What a request sends over the wire: its own statements, and nothing beside them."""

import tempfile
from functools import partial

import psycopg
import pytest
import redis
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from tenancy.postgresql import driver
from tenancy.postgresql.base import DatabaseWrapper
from tenants.domains import hosts
from tests.contexts import public_context


@pytest.fixture
def sent_to_redis(monkeypatch):
    """Every command that leaves this process for Redis, between two looks for changes."""
    monkeypatch.setattr(hosts.changes, "_next_read", hosts.monotonic() + 3600)
    commands, send = [], redis.connection.AbstractConnection.send_command

    def note(self, *arguments, **options):
        commands.append(arguments)
        return send(self, *arguments, **options)

    monkeypatch.setattr(redis.connection.AbstractConnection, "send_command", note)
    return commands


def messages_while(asks):
    """Return the messages that left for the database, from libpq's own trace."""
    with tempfile.TemporaryFile() as trace:
        raw = connection.connection.pgconn
        raw.trace(trace.fileno())
        try:
            asks()
        finally:
            raw.untrace()
        trace.seek(0)
        lines = trace.read().decode(errors="replace").splitlines()
    return [line for line in lines if "\tF\t" in line]


PAGES = ("/", "/accounts/login/", "/console/", "/console/members/", "/account/")
PUBLIC_PAGES = ("/", "/signup/", "/find/", "/operator/login/")


def assert_only_its_own(client, path, sent_to_redis):
    """Look at a page twice; return how many statements the second look took."""
    client.get(path)
    sent_to_redis.clear()
    with CaptureQueriesContext(connection) as queries:
        messages = messages_while(partial(client.get, path))

    around = [message for message in messages if '"BEGIN"' in message or '"COMMIT"' in message]
    own = [query for query in queries if query["sql"] not in {"BEGIN", "COMMIT"}]
    assert all("Query" in message for message in messages), path
    assert len(messages) - len(around) == len(own), path
    assert sent_to_redis == [], path
    return len(own)


def test_a_page_costs_its_own_statements_and_no_round_trip_more(
    committed, acme, make_user, client_of, sent_to_redis
):
    client = client_of(acme, make_user(acme, role="owner"))

    counts = {path: assert_only_its_own(client, path, sent_to_redis) for path in PAGES}

    # Session and person at the least: where nothing was asked, nothing was looked at.
    assert all(count >= 2 for path, count in counts.items() if path != "/accounts/login/")


def test_nor_does_a_page_of_the_base_host(committed, base_client, sent_to_redis):
    with public_context(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")

    counts = {path: assert_only_its_own(base_client, path, sent_to_redis) for path in PUBLIC_PAGES}

    assert max(counts.values()) <= 2, counts


def test_a_page_without_rows_asks_nobody(committed, acme, client_of, sent_to_redis):
    client = client_of(acme)
    client.get("/accounts/login/")
    sent_to_redis.clear()

    messages = messages_while(lambda: client.get("/accounts/login/"))

    assert (messages, sent_to_redis) == ([], [])


def test_a_connection_that_the_server_has_ended_is_replaced(committed, acme, client_of, make_user):
    client = client_of(acme, make_user(acme))
    assert client.get("/").status_code == 200
    process = connection.connection.info.backend_pid
    end_backend(process)

    connection.close_if_unusable_or_obsolete()
    connection.health_check_enabled, connection.health_check_done = True, False

    assert client.get("/").status_code == 200
    assert connection.connection.info.backend_pid != process


def test_a_connection_that_has_failed_is_asked(committed, acme, client_of, make_user):
    client = client_of(acme, make_user(acme))
    assert client.get("/").status_code == 200
    connection.errors_occurred = True

    messages = messages_while(connection.is_usable)

    connection.errors_occurred = False
    assert ["SELECT 1" in message for message in messages] == [True]


def test_a_connection_that_has_been_idle_is_asked(committed, acme, client_of, monkeypatch):
    client_of(acme).get("/accounts/login/")
    assert messages_while(connection.is_usable) == []
    monkeypatch.setattr(driver, "TRUSTED", 0)

    messages = messages_while(connection.is_usable)

    assert ["SELECT 1" in message for message in messages] == [True]


@pytest.fixture
def pooled(committed):
    """Connections from a pool of one, as production has them; it checks each before it goes out."""
    settings_dict = connection.settings_dict
    pool = {"min_size": 1, "max_size": 1, "timeout": 60}
    options = {**settings_dict["OPTIONS"], "pool": pool}
    pooled = DatabaseWrapper({**settings_dict, "OPTIONS": options, "CONN_MAX_AGE": 0}, "pooled")
    yield pooled
    pooled.close()
    pooled.close_pool()


def ask_in(pooled, tenant):
    """Ask something, give the connection back, and return it."""
    pooled.set_tenant(tenant)
    with pooled.cursor() as cursor:
        cursor.execute("SELECT 1")
    raw = pooled.connection
    pooled.close()
    return raw


def messages_of_checkout(pooled, raw):
    """Return what left for the server while the pool gave its connection out."""
    with tempfile.TemporaryFile() as trace:
        raw.pgconn.trace(trace.fileno())
        pooled.connect()
        raw.pgconn.untrace()
        trace.seek(0)
        return [line for line in trace.read().decode().splitlines() if "\tF\t" in line]


def test_the_pools_connection_is_told_nothing_that_holds(pooled, acme, monkeypatch):
    told = []
    monkeypatch.setattr(driver.DeadlineConnection, "_set_autocommit", told.append)

    ask_in(pooled, acme)

    assert told == []


def test_the_pool_asks_no_server_that_has_just_answered(pooled, acme):
    raw = ask_in(pooled, acme)

    assert messages_of_checkout(pooled, raw) == []
    assert pooled.connection is raw


def test_the_pool_asks_one_that_has_been_idle(pooled, acme, monkeypatch):
    raw = ask_in(pooled, acme)
    monkeypatch.setattr(driver, "TRUSTED", 0)

    assert len(messages_of_checkout(pooled, raw)) == 1


def test_the_pool_asks_one_that_has_failed(pooled, acme):
    pooled.set_tenant(acme)
    with pytest.raises(DatabaseError), pooled.cursor() as cursor:
        cursor.execute("SELECT 1/0")
    raw = pooled.connection
    pooled.close()

    assert len(messages_of_checkout(pooled, raw)) == 1


def test_the_pool_replaces_a_connection_that_the_server_has_ended(pooled, acme):
    raw = ask_in(pooled, acme)
    end_backend(raw.info.backend_pid)

    assert ask_in(pooled, acme) is not raw


def end_backend(process):
    given = connection.settings_dict
    with psycopg.connect(
        host=given["HOST"],
        port=given["PORT"],
        user=given["USER"],
        password=given["PASSWORD"],
        dbname=given["NAME"],
        autocommit=True,
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [process])
