"""How long we wait for PostgreSQL, as the driver and the kernel were told."""

import os
import socket
import threading

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from tenancy import timeouts
from tenancy.postgresql.base import DatabaseWrapper
from tenancy.postgresql.driver import DeadlineConnection
from tests.contexts import public_context
from tests.relay import Relay

# Fractions of a second: the server would sleep for an hour.
HASTY = {"statement": 0.1, "grace": 0.2, "check": 0.1}
SILENCE = "SELECT pg_catalog.pg_sleep(3600)"
# Whoever has no patience of their own is told so after as many seconds, and the test fails.
LIMIT = 60


@pytest.fixture
def hasty(committed):
    """Connections that wait for nothing; what the server would do about it comes far too late."""
    options = connection.settings_dict["OPTIONS"]
    before = dict(options)
    connection.close()
    late = f"-c search_path=pg_catalog -c statement_timeout={LIMIT}s"
    options.update(answers=HASTY, options=late)
    yield connection
    connection.close()
    options.update(before)


def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


def test_the_driver_was_told(db):
    with public_context():
        ask("SELECT 1")
    told = {option.keyword.decode(): option.val for option in connection.connection.pgconn.info}

    wanted = {
        "connect_timeout": timeouts.CONNECT,
        "keepalives": 1,
        "keepalives_idle": timeouts.KEEPALIVE_IDLE,
        "keepalives_interval": timeouts.KEEPALIVE_INTERVAL,
        "keepalives_count": timeouts.KEEPALIVE_COUNT,
        "tcp_user_timeout": 1000 * timeouts.KEEPALIVE_IDLE,
    }
    assert {name: told[name] for name in wanted} == {
        name: str(value).encode() for name, value in wanted.items()
    }


def test_the_kernel_was_told(db):
    with public_context():
        ask("SELECT 1")
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as line:
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        found = [
            line.getsockopt(socket.IPPROTO_TCP, option)
            for option in (
                socket.TCP_KEEPIDLE,
                socket.TCP_KEEPINTVL,
                socket.TCP_KEEPCNT,
                socket.TCP_USER_TIMEOUT,
            )
        ]

    assert found == [
        timeouts.KEEPALIVE_IDLE,
        timeouts.KEEPALIVE_INTERVAL,
        timeouts.KEEPALIVE_COUNT,
        1000 * timeouts.KEEPALIVE_IDLE,
    ]


@pytest.mark.parametrize(("process", "statement"), [("web", 20), ("worker", 60), ("command", 0)])
def test_who_waits_for_an_answer_gives_up_after_the_servers_own_limit(process, statement):
    options = timeouts.database(process=process, pool_size=0)

    assert options["answers"] == {
        "statement": statement,
        "grace": timeouts.GRACE,
        "check": timeouts.CONNECT,
    }
    assert f"statement_timeout={statement}s" in options["options"]


def test_a_silent_server_is_given_up_and_the_next_question_finds_a_new_line(hasty):
    with public_context():
        with pytest.raises(OperationalError, match="doesn't answer"):
            ask(SILENCE)

        assert connection.connection is None or connection.connection.closed
        connection.close_if_unusable_or_obsolete()
        assert ask("SELECT 1") == (1,)


def test_a_silent_server_takes_the_transaction_with_it(hasty):
    with public_context():
        with pytest.raises(OperationalError, match="doesn't answer"), transaction.atomic():
            ask("SELECT 1")
            ask(SILENCE)

        assert ask("SELECT 1") == (1,)


def test_a_transaction_that_was_given_time_has_it_and_no_other(hasty):
    with public_context():
        with transaction.atomic():
            ask("SELECT 1")
            connection.take_time(3600)
            assert ask("SELECT pg_catalog.pg_sleep(0.6) IS NULL, 1") == (False, 1)
        with pytest.raises(OperationalError, match="doesn't answer"), transaction.atomic():
            ask("SELECT 1")
            ask(SILENCE)


@pytest.fixture
def line(committed):
    """A line to the database that may go silent."""
    settings_dict = connection.settings_dict
    port = int(settings_dict["PORT"])
    with Relay(port, settings_dict["HOST"]) as line:
        # Who waits for ever finds a line that works, and nothing to complain of.
        limit = threading.Timer(LIMIT, line.heal)
        limit.start()
        yield line
        limit.cancel()


@pytest.mark.parametrize("pool_size", [0, 1])
def test_a_mere_check_of_an_idle_connection_is_not_waited_for(line, pool_size):
    """Whether Django asks, or the pool: the answers to real questions may take for ever."""
    options = timeouts.database(process="web", pool_size=pool_size)
    options["answers"] = {"statement": 3600, "grace": 0, "check": 0.2}
    if pool_size:
        options["pool"] = {**options["pool"], "timeout": 0.5}
    else:
        options["connect_timeout"] = 2
    through = DatabaseWrapper(
        {**connection.settings_dict, "PORT": line.port, "OPTIONS": options, "CONN_MAX_AGE": 0},
        f"through{pool_size}",
    )
    try:
        with through._about_the_transaction():
            through.ensure_connection()
            assert isinstance(through.connection, DeadlineConnection)
            if pool_size:
                through.close()
            line.is_silent = True
            through.health_check_enabled, through.health_check_done = True, False

            with pytest.raises((OperationalError, psycopg.OperationalError)):
                through.cursor().execute("SELECT 1")
    finally:
        line.heal()
        through.close()
        through.close_pool()
