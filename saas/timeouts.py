"""How long we wait for somebody else. Every call that leaves the process has its limit here.

A page that waits for what is away keeps a thread from everybody else. Seconds, unless the name
says otherwise; `docs/operations.md` has the table.
"""

from dataclasses import dataclass
from typing import Any

# Whoever doesn't take a connection by then isn't there.
CONNECT = 3
# An idle connection is probed after so long; its peer is given up after three silent probes.
KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT = 30, 10, 3
# How long a page waits for a connection of the pool.
POOL_CHECKOUT = 5
# How long the pool tries to replace a lost connection before the next page does it: its own
# patience doubles with each try, and would outlast the outage by as long as that took.
POOL_RECONNECT = 5
# How long after its own limit PostgreSQL may take to say that it has reached it. One that is
# frozen keeps no limit.
GRACE = 5
# How long a thread of web waits for one client, in all: to send a request, and to take the
# answer. A picture of 2 MB fits in at 100 kB a second.
CLIENT_READ = CLIENT_WRITE = 20
# How long a client that has its answer may go on sending before the connection is closed.
CLIENT_CLOSE = 2
# A worker's answer to the question whether it is there.
CONTROL_PING = 1
# What workers and beat wait for in the middle of a conversation with the broker.
BROKER = 5
# For each step of a conversation with the mail server.
SMTP = 10
# A provider's API and the object store: to connect, and between two pieces of the answer.
HTTP = (CONNECT, 10)
HTTP_TRIES = 2


@dataclass(frozen=True)
class Patience:
    """How long PostgreSQL works and waits for one of our processes; 0 is for ever."""

    statement: int
    lock: int
    idle_in_transaction: int

    def as_parameters(self) -> dict[str, int]:
        """Return PostgreSQL's names for it, in seconds."""
        return {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle_in_transaction,
        }

    def as_options(self) -> str:
        """Return it as a connection's `options`."""
        return " ".join(f"-c {name}={value}s" for name, value in self.as_parameters().items())


PATIENCE = {
    "web": Patience(statement=20, lock=10, idle_in_transaction=60),
    "worker": Patience(statement=60, lock=20, idle_in_transaction=120),
    # Whatever an operator starts and looks at.
    "command": Patience(statement=0, lock=60, idle_in_transaction=0),
    # Whoever asks for a table that a migration waits for, waits behind it.
    "migration": Patience(statement=0, lock=2, idle_in_transaction=0),
}
# Making or dropping a tenant's tables, wherever that happens.
DDL = Patience(statement=120, lock=60, idle_in_transaction=120)


def database(*, process: str, pool_size: int) -> dict[str, Any]:
    """Return the `OPTIONS` of the database for a kind of process (a key of `PATIENCE`)."""
    pool = {
        "min_size": 1,
        "max_size": pool_size,
        "timeout": POOL_CHECKOUT,
        "reconnect_timeout": POOL_RECONNECT,
    }
    return {
        "connect_timeout": CONNECT,
        # Of our own connection class; the rest is libpq's.
        "answers": {"statement": PATIENCE[process].statement, "grace": GRACE, "check": CONNECT},
        "keepalives": 1,
        "keepalives_idle": KEEPALIVE_IDLE,
        "keepalives_interval": KEEPALIVE_INTERVAL,
        "keepalives_count": KEEPALIVE_COUNT,
        # What was sent and isn't acknowledged by the other machine, in milliseconds.
        "tcp_user_timeout": 1000 * KEEPALIVE_IDLE,
        # Whoever gets round our cursors finds no table at all.
        "options": f"-c search_path=pg_catalog {PATIENCE[process].as_options()}",
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
    """Return the transport options of workers and beat, which try again by themselves."""
    return {
        "socket_connect_timeout": CONNECT,
        "socket_timeout": BROKER,
        "socket_keepalive": True,
        "max_retries": 0,
    }


def object_store() -> Any:
    """Return the S3 client's configuration."""
    # Only who has a bucket pays for the import.
    from botocore.config import Config

    connect, read = HTTP
    return Config(
        connect_timeout=connect,
        read_timeout=read,
        retries={"total_max_attempts": HTTP_TRIES, "mode": "standard"},
        tcp_keepalive=True,
    )
