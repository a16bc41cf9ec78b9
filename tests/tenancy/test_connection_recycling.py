"""A connection sees so many schemas, and no more: PostgreSQL remembers the tables of each."""

import contextlib
import logging
import time

import pytest
from django.db import connection, transaction

from accounts.models import User
from tenancy.context import workspace_context
from tenancy.postgresql.base import DatabaseWrapper
from tests.contexts import public_context


@pytest.fixture
def connection_with(committed):
    """This thread's own connection, with other options."""
    options = connection.settings_dict["OPTIONS"]
    before = {**options}

    def use(**changes):
        connection.close()
        options.update(changes)
        return connection

    yield use
    connection.close()
    options.clear()
    options.update(before)


def backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def backend_in(tenant):
    with workspace_context(tenant):
        return backend()


def test_a_connection_that_has_seen_enough_is_replaced(connection_with, acme, globex):
    connection_with(most_schemas=1)

    first, again, other = backend_in(acme), backend_in(acme), backend_in(globex)

    assert first == again
    assert other != first
    assert connection.connection.visited == {globex.schema_name}


def test_one_that_may_see_any_number_stays(connection_with, acme, globex):
    connection_with(most_schemas=0)

    assert backend_in(acme) == backend_in(globex)


def test_a_transaction_keeps_its_connection_across_schemas(connection_with, acme, globex):
    connection_with(most_schemas=1)

    with transaction.atomic():
        pair = backend_in(acme), backend_in(globex)

    assert len({*pair}) == 1
    assert connection.connection.visited == {acme.schema_name, globex.schema_name}
    with public_context():
        assert backend() not in pair


def test_a_session_of_its_own_is_kept(connection_with, acme, globex):
    connection_with(most_schemas=1)

    with workspace_context(acme), connection.alone():
        first = backend()
        with workspace_context(globex):
            pass
        assert backend() == first


def test_rows_that_are_being_read_are_read_to_their_end(connection_with, acme, globex, make_user):
    addresses = [f"{name}@acme.test" for name in ("ada", "bob", "eve")]
    for address in addresses:
        make_user(acme, address)
    connection_with(most_schemas=1)

    found = []
    with workspace_context(acme):
        people = User.objects.order_by("email").values_list("email", flat=True)
        for address in people.iterator(chunk_size=1):
            found.append(address)
            with workspace_context(globex):
                assert not User.objects.filter(email=address).exists()

    assert found == addresses


def test_connections_made_together_are_not_worn_together(connection_with, acme):
    limits = set()
    for _ in range(20):
        connection_with(most_schemas=200)
        backend_in(acme)
        limits.add(connection.connection.max_schemas)

    assert len(limits) > 1
    assert all(150 <= limit <= 200 for limit in limits)


def test_the_pool_replaces_a_worn_connection_where_nobody_waits(committed, acme, globex, caplog):
    settings_dict = connection.settings_dict
    pool = {"min_size": 1, "max_size": 1, "timeout": 60}
    options = {**settings_dict["OPTIONS"], "pool": pool, "most_schemas": 1}
    pooled = DatabaseWrapper({**settings_dict, "OPTIONS": options, "CONN_MAX_AGE": 0}, "worn")
    caplog.set_level(logging.WARNING, "psycopg.pool")
    try:
        with _in(pooled, acme):
            first = pooled.connection.info.backend_pid
        assert pooled.connection is None
        _wait_until(lambda: pooled.pool.get_stats()["pool_available"] == 1)

        with _in(pooled, globex):
            assert pooled.connection.info.backend_pid != first
            assert pooled.connection.visited == {globex.schema_name}
    finally:
        pooled.close()
        pooled.close_pool()

    assert caplog.records == []


@contextlib.contextmanager
def _in(pooled, tenant):
    """Ask something in a tenant's schema, and stay there for the block."""
    pooled.set_tenant(tenant)
    with pooled.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_user")
    yield
    pooled.clear_tenant()


def _wait_until(happened):
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)
