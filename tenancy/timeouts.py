"""Timeouts: every call that leaves the process has its limit here.

A request that waits for an unavailable service holds a thread that others need. Seconds, unless the
name says otherwise; `docs/operations/settings.md` has the table.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any

from django.db import connection

# A server that hasn't accepted a connection by then counts as unavailable.
CONNECT = 3
# An idle connection is probed after so long; it is closed after three unanswered probes.
KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT = 30, 10, 3
# How long a request waits for a connection of the pool.
POOL_CHECKOUT = 5
# How long the pool tries to replace a lost connection before the next request does it. The pool's
# back-off doubles with each try, and could wait as long again as the outage took.
POOL_RECONNECT = 5
# How long after its own timeout PostgreSQL may take to report it. A frozen server reports none.
GRACE = 5
# How long a thread of web waits for one client in all: to send a request, and to receive the
# response. A picture of 2 MB needs 100 kB/s.
CLIENT_READ = CLIENT_WRITE = 20
# How long a client that has its response may go on sending before the connection is closed.
CLIENT_CLOSE = 2
# A worker's answer to a ping.
CONTROL_PING = 1
# For each answer of the broker to workers and beat.
BROKER = 5
# For each step of an SMTP conversation.
SMTP = 10
# A provider's API and the object store: to connect, and between two pieces of the response.
HTTP = (CONNECT, 10)
HTTP_TRIES = 2


@dataclass(frozen=True)
class DatabaseTimeouts:
    """PostgreSQL's timeouts in seconds; 0 is for ever, and None leaves one as it is."""

    statement: float | None = None
    lock: float | None = None
    idle_in_transaction: float | None = None

    def as_parameters(self) -> dict[str, float]:
        """Return those that are given, under PostgreSQL's names."""
        named = {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle_in_transaction,
        }
        return {name: seconds for name, seconds in named.items() if seconds is not None}

    def as_statement(self, *, is_local: bool = True) -> str:
        """Return the statement that sets them until the transaction ends, or else the session."""
        wanted = (
            f"pg_catalog.set_config('{name}', '{ceil(1000 * seconds)}ms', {is_local})"
            for name, seconds in self.as_parameters().items()
        )
        return f"SELECT {', '.join(wanted)}"


def set_local(timeouts: DatabaseTimeouts) -> None:
    """Set PostgreSQL's timeouts for the rest of the current transaction."""
    with connection.cursor() as cursor:
        cursor.execute(timeouts.as_statement())


DATABASE_TIMEOUTS = {
    "web": DatabaseTimeouts(statement=20, lock=10, idle_in_transaction=60),
    "worker": DatabaseTimeouts(statement=60, lock=20, idle_in_transaction=120),
    # Commands that an operator starts and watches.
    "command": DatabaseTimeouts(statement=0, lock=60, idle_in_transaction=0),
    # Queries on a table that a migration waits for queue behind it.
    "migration": DatabaseTimeouts(statement=0, lock=2, idle_in_transaction=0),
}
# A step of a schema's migration: its wait for a lock, and all its statements together. Queries on
# the table queue behind it meanwhile: the sum is the longest wait of a request.
SCHEMA_MIGRATION = DatabaseTimeouts(statement=2, lock=1)
# Creating or dropping a tenant's tables, in any process.
DDL = DatabaseTimeouts(statement=120, lock=60, idle_in_transaction=120)


def database(*, process: str, pool_size: int) -> dict[str, Any]:
    """Return the `OPTIONS` of the database for a kind of process (a key of `DATABASE_TIMEOUTS`)."""
    limits = DATABASE_TIMEOUTS[process].as_parameters()
    options = " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items())
    pool = {
        "min_size": 1,
        "max_size": pool_size,
        "timeout": POOL_CHECKOUT,
        "reconnect_timeout": POOL_RECONNECT,
    }
    return {
        "connect_timeout": CONNECT,
        # For our own connection class; the rest is libpq's.
        "answers": {
            "statement": DATABASE_TIMEOUTS[process].statement,
            "grace": GRACE,
            "check": CONNECT,
        },
        "keepalives": 1,
        "keepalives_idle": KEEPALIVE_IDLE,
        "keepalives_interval": KEEPALIVE_INTERVAL,
        "keepalives_count": KEEPALIVE_COUNT,
        # How long sent data may stay unacknowledged by the other machine, in milliseconds.
        "tcp_user_timeout": 1000 * KEEPALIVE_IDLE,
        # A query that bypasses our cursors finds no tables.
        "options": f"-c search_path=pg_catalog {options}",
        **({"pool": pool} if pool_size else {}),
    }


def redis(seconds: float) -> dict[str, Any]:
    """Return the cache's `OPTIONS`."""
    return {
        "SOCKET_CONNECT_TIMEOUT": seconds,
        "SOCKET_TIMEOUT": seconds,
        "CONNECTION_POOL_KWARGS": {"socket_keepalive": True},
    }


def broker() -> dict[str, Any]:
    """Return the transport options of workers and beat, which retry by themselves."""
    return {
        "socket_connect_timeout": CONNECT,
        "socket_timeout": BROKER,
        "socket_keepalive": True,
        "max_retries": 0,
    }


def object_store() -> Any:
    """Return the S3 client's configuration."""
    # Imported only where a bucket is configured.
    from botocore.config import Config

    connect, read = HTTP
    return Config(
        connect_timeout=connect,
        read_timeout=read,
        retries={"total_max_attempts": HTTP_TRIES, "mode": "standard"},
        tcp_keepalive=True,
    )
