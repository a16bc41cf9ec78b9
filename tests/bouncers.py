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
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import psycopg

from dev.errors import StackError
from dev.paths import ROOT
from dev.ports import LOOPBACK, free_port
from dev.unprivileged import NAMESPACE

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SERVERS = 3
DEPLOY = ROOT / "deploy"


@contextlib.contextmanager
def through_bouncer(
    connection: Any, administrator: str, folder: Path, **changes: str
) -> Iterator[None]:
    """Have the connections of this process reach their database through PgBouncer.

    `changes` are to its settings, as they are deployed.
    """
    own = connection.settings_dict
    here = f'ROLE "{own["USER"]}" IN DATABASE "{own["NAME"]}"'
    with psycopg.connect(administrator, autocommit=True) as server:
        said = (DEPLOY / "pgbouncer.sql").read_text()
        server.execute(said.replace("ROLE saas IN DATABASE saas", here))
    before = {name: own[name] for name in ("HOST", "PORT")}
    with _running(own, folder, changes) as port:
        connection.close()
        own.update(HOST=LOOPBACK, PORT=port)
        try:
            yield
        finally:
            connection.close()
            own.update(before)


@contextlib.contextmanager
def _running(own: dict[str, Any], folder: Path, changes: dict[str, str]) -> Iterator[int]:
    port, users = free_port(), folder / "users.txt"
    users.write_text(f'"{own["USER"]}" "{own["PASSWORD"]}"\n')
    configuration = folder / "pgbouncer.ini"
    parser = _deployed(own, port, users)
    parser["pgbouncer"].update(changes)
    with configuration.open("w") as file:
        parser.write(file)
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


def _deployed(own: dict[str, Any], port: int, users: Path) -> ConfigParser:
    """Return what is deployed, with the addresses of this run."""
    parser = ConfigParser(interpolation=None)
    parser.read(DEPLOY / "pgbouncer.ini")
    parser["databases"] = {"*": f"host={own['HOST']} port={own['PORT']}"}
    parser["pgbouncer"].update({
        "listen_addr": LOOPBACK,
        "listen_port": str(port),
        "auth_file": str(users),
        "default_pool_size": str(SERVERS),
        "server_round_robin": "1",
        # A busy machine is no reason to fail.
        "query_wait_timeout": "60",
    })  # fmt: skip
    return parser


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
