"""PgBouncer between the service and its database, where it is installed.

In transaction mode a connection of the server belongs to whoever has a transaction: what one
left on it, the next would find. Servers take turns, so that it is found soon.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from dev.errors import StackError
from dev.ports import LOOPBACK, free_port
from dev.unprivileged import NAMESPACE

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SERVERS = 3
# It passes no `options` on: the bare search path becomes the login's own (see `through_bouncer`).
CONFIGURATION = """
[databases]
* = host={host} port={server}
[pgbouncer]
listen_addr = {loopback}
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
server_round_robin = 1
default_pool_size = {servers}
max_client_conn = 200
ignore_startup_parameters = options,extra_float_digits
auth_type = scram-sha-256
auth_file = {users}
"""


@contextlib.contextmanager
def through_bouncer(connection: Any, administrator: str, folder: Path) -> Iterator[None]:
    """Have the connections of this process reach their database through PgBouncer."""
    own = connection.settings_dict
    bare = f'ALTER ROLE "{own["USER"]}" IN DATABASE "{own["NAME"]}" SET search_path = pg_catalog'
    with psycopg.connect(administrator, autocommit=True) as server:
        server.execute(bare)
    before = {name: own[name] for name in ("HOST", "PORT")}
    with _running(own, folder) as port:
        connection.close()
        own.update(HOST=LOOPBACK, PORT=port)
        try:
            yield
        finally:
            connection.close()
            own.update(before)


@contextlib.contextmanager
def _running(own: dict[str, Any], folder: Path) -> Iterator[int]:
    port, users = free_port(), folder / "users.txt"
    users.write_text(f'"{own["USER"]}" "{own["PASSWORD"]}"\n')
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(
        CONFIGURATION.format(
            host=own["HOST"], server=own["PORT"], port=port, users=users, loopback=LOOPBACK,
            servers=SERVERS,
        )
    )  # fmt: skip
    # It refuses to serve root, as PostgreSQL does.
    prefix = NAMESPACE if os.geteuid() == 0 else ()
    with (folder / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen([*prefix, PROGRAM, str(configuration)], stdout=log, stderr=log)
    try:
        _wait(process, own, port, folder / "pgbouncer.log")
        yield port
    finally:
        process.terminate()
        process.wait(60)


def _wait(process: "subprocess.Popen[bytes]", own: dict[str, Any], port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(
                host=LOOPBACK, port=port, user=own["USER"], password=own["PASSWORD"],
                dbname=own["NAME"], connect_timeout=10,
            ).close()  # fmt: skip
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline or process.poll() is not None:
                raise StackError(f"PgBouncer isn't there: {error}\n{log.read_text()}") from error
            time.sleep(0.05)
        else:
            return
