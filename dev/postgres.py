"""A PostgreSQL cluster of this checkout's own: made, started, given its role and database."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from dev import orphans
from dev.binaries import postgres_programs
from dev.errors import StackError
from dev.ports import LOOPBACK, free_port, is_free
from dev.progress import say
from dev.server import Server
from dev.unprivileged import Footing, footing, outside_folder

ADMINISTRATOR = "postgres"
SERVICE = "saas"
DATABASE = "saas"
BUILTIN_LOCALE_SINCE = 17

SETTINGS = {
    "listen_addresses": LOOPBACK,
    # A socket's path may have 107 bytes at most, which a deep checkout exceeds.
    "unix_socket_directories": "",
    # Creating or dropping one tenant takes 300 to 400 locks.
    "max_locks_per_transaction": "1024",
    "max_connections": "200",
}
# A test cluster is thrown away, so it may lose everything at a power cut; but what was committed
# must outlive any process, as tests kill them: a commit still writes its log to the system.
THROWAWAY = {"fsync": "off"}


@dataclass(frozen=True)
class Cluster:
    """The folder may hold a cluster already; the passwords belong to that cluster for good.

    `programs` is the folder of another installation's `postgres` and `initdb`.
    """

    folder: Path
    administrator_password: str
    service_password: str
    is_throwaway: bool = False
    programs: Path | None = None


@dataclass(frozen=True)
class Postgres:
    server: Server
    database_url: str
    administrator_url: str


def start(cluster: Cluster, *, port: int | None = None) -> Postgres:
    """Start the cluster on a free port, or on the one that it had before; raises StackError.

    Makes the cluster first, if need be.
    """
    footing_ = _prepare(cluster)
    _create_cluster(cluster, footing_)
    _check_owner(footing_)
    server, port = _start_on_free_port(cluster, footing_, port)
    administrator_url = _url(ADMINISTRATOR, cluster.administrator_password, port)
    try:
        _wait_until_ready(server, f"{administrator_url}/postgres")
        _ensure_database(cluster, f"{administrator_url}/postgres")
    except BaseException:
        server.stop()
        raise
    return Postgres(
        server=server,
        database_url=f"{_url(SERVICE, cluster.service_password, port)}/{DATABASE}",
        administrator_url=f"{administrator_url}/{DATABASE}",
    )


def erase(folder: Path) -> None:
    """Remove a stopped cluster, wherever its data went."""
    data = folder / "postgres"
    shutil.rmtree(outside_folder(data), ignore_errors=True)
    shutil.rmtree(data, ignore_errors=True)


def save(folder: Path, to: Path) -> None:
    """Copy a stopped cluster's data to `to`, which doesn't exist yet."""
    data = footing(postgres_programs(), folder / "postgres").data
    subprocess.run(["cp", "-a", str(data), str(to)], check=True)


def restore(saved: Path, folder: Path) -> None:
    """Make the cluster of a new folder from what `save` has copied."""
    data = footing(postgres_programs(), folder / "postgres").data
    subprocess.run(["cp", "-a", str(saved), str(data)], check=True)


def end_orphans(folder: Path) -> None:
    """End the servers that a killed run left on this data, wherever it is."""
    data = folder / "postgres"
    for place in (data, outside_folder(data) / "data" / "cluster"):
        running = orphans.servers_in(place)
        if running:
            say(f"Ending a PostgreSQL that a killed run left behind (process {running[0].pid}).")
            orphans.end(running, by=signal.SIGINT)


def _prepare(cluster: Cluster) -> Footing:
    cluster.folder.mkdir(parents=True, exist_ok=True)
    end_orphans(cluster.folder)
    programs = cluster.programs or postgres_programs()
    footing_ = footing(programs, cluster.folder / "postgres")
    # No server runs on this data any more, and PostgreSQL would believe a stale
    # file whose process id now belongs to some other program.
    (footing_.data / "postmaster.pid").unlink(missing_ok=True)
    return footing_


def _create_cluster(cluster: Cluster, footing_: Footing) -> None:
    """Make it beside its place and move it there, so that a cut-off start leaves no half of it."""
    if (footing_.data / "PG_VERSION").exists():
        return
    say("Making a PostgreSQL cluster.")
    fresh = footing_.data.with_name("cluster.new")
    shutil.rmtree(fresh, ignore_errors=True)
    with _password_file(cluster, footing_) as password_file:
        _initdb(footing_, fresh, password_file)
    fresh.rename(footing_.data)


@contextlib.contextmanager
def _password_file(cluster: Cluster, footing_: Footing) -> Iterator[Path]:
    path = footing_.data.with_name("password.new")
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(cluster.administrator_password)
    footing_.adopt(path)
    try:
        yield path
    finally:
        path.unlink()


def _initdb(footing_: Footing, folder: Path, password_file: Path) -> None:
    # Without a locale of its own, initdb takes the shell's: SQL_ASCII where LANG is not set.
    version = footing_.popen("initdb", "--version", stdout=subprocess.PIPE).communicate()[0]
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if major_of(version.decode()) < BUILTIN_LOCALE_SINCE:
        locale = ["--locale=C.UTF-8"]
    initdb = footing_.popen(
        "initdb",
        f"--pgdata={folder}",
        f"--username={ADMINISTRATOR}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        *locale,
        "--no-sync",
        "--no-instructions",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = initdb.communicate()
    if initdb.returncode:
        raise StackError(f"PostgreSQL's initdb failed:\n{output.decode(errors='replace')}")


def major_of(version: str) -> int:
    """Return the 15 of `initdb (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`."""
    number = re.search(r"\(PostgreSQL\) (\d+)", version)
    if number is None:
        raise StackError(f"This is no PostgreSQL: {version}")
    return int(number[1])


def _check_owner(footing_: Footing) -> None:
    owner = footing_.data.stat().st_uid
    expected = footing_.account.pw_uid if footing_.account else os.geteuid()
    if owner != expected:
        raise StackError(
            f"The database in {footing_.data} was made by another user (number {owner}). "
            "Run this as that user, or remove the folder to start from nothing."
        )


def _start_on_free_port(
    cluster: Cluster, footing_: Footing, wanted: int | None
) -> tuple[Server, int]:
    """Another program may take the port between the look and the start, so look again then."""
    for _ in range(3):
        port = wanted or free_port()
        server = _spawn(cluster, footing_, port)
        if _listens(server, footing_, port):
            return server, port
        if is_free(port):
            break
    raise StackError(f"PostgreSQL didn't start. Its log ends with:\n{server.last_lines()}")


def _spawn(cluster: Cluster, footing_: Footing, port: int) -> Server:
    settings = {**SETTINGS, "port": str(port), **(THROWAWAY if cluster.is_throwaway else {})}
    log = cluster.folder / "postgres.log"
    with log.open("wb") as output:
        process = footing_.popen(
            "postgres",
            "-D",
            str(footing_.data),
            *(f"--{name}={value}" for name, value in settings.items()),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    # SIGINT is PostgreSQL's fast shutdown: it rolls back, writes and leaves.
    return Server("PostgreSQL", process, log, signal.SIGINT)


def _listens(server: Server, footing_: Footing, port: int) -> bool:
    """PostgreSQL names its port in postmaster.pid once it holds it."""
    while server.is_alive():
        with contextlib.suppress(OSError):
            lines = (footing_.data / "postmaster.pid").read_text().splitlines()
            # The fourth line is the port it wants, the sixth the address it got.
            if lines[3:4] == [str(port)] and lines[5:6] == [LOOPBACK]:
                return True
        time.sleep(0.02)
    return False


def _wait_until_ready(server: Server, url: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while server.is_alive():
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StackError(
                    "PostgreSQL refuses the password in var/secrets.json, which belongs to another "
                    "cluster. `make reset` removes both and starts from nothing."
                ) from error
            if time.monotonic() > deadline:
                raise StackError(f"PostgreSQL didn't become ready: {error}") from error
            time.sleep(0.02)
        else:
            return
    raise StackError(
        f"PostgreSQL stopped while starting. Its log ends with:\n{server.last_lines()}"
    )


def _ensure_database(cluster: Cluster, url: str) -> None:
    """May be run again: a start that was cut off after initdb left neither role nor database."""
    # Only the throwaway cluster's role makes databases, as the tests need one of their own.
    createdb = sql.SQL("CREATEDB" if cluster.is_throwaway else "NOCREATEDB")
    role, database = sql.Identifier(SERVICE), sql.Identifier(DATABASE)
    with psycopg.connect(url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [SERVICE]).rowcount:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}").format(
                    role, createdb, sql.Literal(cluster.service_password)
                )
            )
        if not connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
        ).rowcount:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))


def _url(role: str, password: str, port: int) -> str:
    return f"postgres://{role}:{password}@{LOOPBACK}:{port}"
