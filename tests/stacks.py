"""The service as its users meet it: web, worker and beat as processes of their own.

A stack may stand on the servers that all tests share (`tests/flows`), or on servers of its own,
which a test may kill, freeze and start again on the same port (`on_own_servers`).
"""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg
import requests

from dev import keys, postgres, valkey
from dev.deployed import Deployed
from dev.environment import over, service_environment, web_environment
from dev.paths import ROOT
from dev.ports import free_port
from dev.server import Server
from dev.servers import Servers
from tests.inbox import emails_to

PASSWORD = "correct horse battery staple"


@dataclass(kw_only=True)
class Stack(Deployed):
    """A running service with a database of its own."""

    database: str

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def origin_of(self, slug: str) -> str:
        return f"http://{slug}.localhost:{self.port}"

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end, and return what it says."""
        code, said = self.run(*arguments)
        assert code == 0, said
        return said

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a management command, and return how it ended and what it says."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + (done.stderr if done.returncode else "")

    def query(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Look into the database, past the service."""
        with psycopg.connect(self.database) as plain:
            return plain.execute(statement, parameters).fetchall()

    def wait_for_email(self, address: str, subject: str = "") -> dict[str, Any]:
        """Wait until an e-mail has come to the mail catcher that all tests share."""

        def arrived() -> dict[str, Any] | None:
            emails = (m for m in emails_to(address) if subject in m["Subject"])
            return next(emails, None)

        return wait_until(arrived, f"an e-mail to {address} about {subject!r}")


def wait_until(condition: Any, what: str, seconds: float = 60) -> Any:
    """Ask again and again until the answer is truthy."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {seconds} s")


class Visitor:
    """Somebody on one host of a stack, with a browser's cookies: Python resolves no subdomain."""

    def __init__(self, stack: Stack, slug: str = "") -> None:
        self._stack = stack
        self.origin = stack.origin_of(slug) if slug else stack.origin
        self.cookies: dict[str, str] = {}
        self.timeout = 60.0

    def get(self, path: str, **headers: str) -> requests.Response:
        return self._send("GET", path, headers=headers)

    def post(self, path: str, typed: dict[str, str], **headers: str) -> requests.Response:
        """Post a form, with the token of the page that was last asked for."""
        typed = {"csrfmiddlewaretoken": self.cookies.get("csrf", ""), **typed}
        return self._send("POST", path, data=typed, headers={"Origin": self.origin, **headers})

    def sign_in(self, email: str, password: str = PASSWORD) -> requests.Response:
        self.get("/accounts/login/")
        return self.post("/accounts/login/", {"login": email, "password": password})

    def sign_up(self, slug: str, **changes: str) -> requests.Response:
        self.get("/signup/")
        typed = {
            "organization": slug,
            "subdomain": slug,
            "full_name": "Grace Hopper",
            "email": f"grace@{slug}.test",
            "password": PASSWORD,
            "terms": "on",
        }
        return self.post("/signup/", {**typed, **changes})

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        host = self.origin.removeprefix("http://")
        headers = {**options.pop("headers"), "Host": host, "Cookie": cookies}
        response = requests.request(
            method,
            f"http://127.0.0.1:{self._stack.port}{path}",
            headers=headers,
            timeout=self.timeout,
            allow_redirects=False,
            **options,
        )
        self.cookies.update(response.cookies.get_dict())
        return response


@contextlib.contextmanager
def running(stack: Stack, *processes: str) -> Iterator[Stack]:
    """Run processes of a stack, and end whatever still runs afterwards."""
    with stack.running(*processes):
        yield stack


def environment(port: int, logs: Path, **changes: str) -> dict[str, str]:
    """What a small stack's processes read, on top of the tests' own environment."""
    return over(
        os.environ,
        web_environment(port),
        {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "WEB_WORKERS": "1",
            "DATABASE_POOL_SIZE": "4",
            "WORKER_CONCURRENCY": "1",
            "OUTBOX_SWEEP_SECONDS": "1",
            "BEAT_SCHEDULE": str(logs / "schedule"),
            "MEDIA_ROOT": str(logs / "media"),
            "PYTHONWARNINGS": "default",
        },
        changes,
    )


# --- Servers that a test may kill ---


@dataclass
class OwnServers:
    """PostgreSQL and Valkey of one test's own, each on a port that it comes back to."""

    place: Path
    keys: keys.Keys
    database: postgres.Postgres
    store: valkey.Valkey

    def kill_database(self) -> None:
        """End PostgreSQL as a crash does: at once, without writing anything."""
        _end(self.database.server, signal.SIGQUIT)

    def start_database(self) -> None:
        """Start PostgreSQL again, on the same data and port."""
        cluster = _cluster(self.place, self.keys)
        self.database = postgres.start(cluster, port=_port(self.database.database_url))

    def freeze_database(self) -> None:
        """Let PostgreSQL keep its connections, and take new ones, and answer none."""
        self._signal_database(signal.SIGSTOP)

    def thaw_database(self) -> None:
        self._signal_database(signal.SIGCONT)

    def _signal_database(self, number: signal.Signals) -> None:
        """Signal the server and its backends; the server first, so that it starts no other."""
        if not self.database.server.is_alive():
            return
        server = psutil.Process(self.database.server.process.pid)
        for process in (server, *server.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):  # A backend may end meanwhile.
                process.send_signal(number)

    def kill_redis(self) -> None:
        _end(self.store.server, signal.SIGKILL)

    def freeze_redis(self) -> None:
        """Let Valkey take connections, and answer none."""
        self.store.server.process.send_signal(signal.SIGSTOP)

    def thaw_redis(self) -> None:
        self.store.server.process.send_signal(signal.SIGCONT)

    def start_redis(self) -> None:
        """Start Valkey again on the same port, and empty."""
        self.store = valkey.start(_store(self.place, self.keys), port=_port(self.store.url))

    def stop(self) -> None:
        """End both, in whatever state a test has left them."""
        self.thaw_redis()
        self.thaw_database()
        self.store.server.stop()
        self.database.server.stop()


@contextlib.contextmanager
def own_servers(place: Path, migrated: Path | None = None) -> Iterator[OwnServers]:
    """PostgreSQL and Valkey on free ports, for as long as the block runs.

    The cluster is new, or a copy of the `migrated` one.
    """
    own = keys.fresh()
    with contextlib.ExitStack() as ends:
        ends.callback(postgres.erase, place)
        if migrated:
            postgres.restore(migrated, place)
            own = dataclasses.replace(own, **_passwords())
        database = postgres.start(_cluster(place, own))
        ends.callback(database.server.stop)
        servers = OwnServers(place, own, database, valkey.start(_store(place, own)))
        ends.callback(servers.stop)
        yield servers


@contextlib.contextmanager
def on_own_servers(
    place: Path,
    *processes: str,
    servers: OwnServers | None = None,
    root: Path = ROOT,
    **changes: str,
) -> Iterator[tuple[Stack, OwnServers]]:
    """A migrated stack on servers of its own, of which the named processes run.

    `changes` are environment variables, such as `EMAIL_URL`.
    """
    with contextlib.ExitStack() as ends:
        migrated = None if servers else _migrated_cluster()
        servers = servers or ends.enter_context(own_servers(place, migrated))
        port = free_port()
        urls = Servers(
            servers.database.database_url, servers.database.administrator_url, servers.store.url
        )
        own = service_environment("test", servers.keys, urls)
        # A page is to feel the outage, and not to take a busy machine for one.
        own["REDIS_TIMEOUT"] = "3"
        variables = environment(port, place, **{**own, **changes})
        variables["DATABASE_ADMIN_URL"] = urls.administrator_url
        stack = Stack(port, variables, place, root, database=urls.administrator_url)
        if not migrated:
            stack.manage("setup_roles")
            stack.manage("migrate_schemas", "--shared", "--noinput")
        yield ends.enter_context(running(stack, *processes)), servers


def _migrated_cluster() -> Path | None:
    """Return this code's migrated cluster, which is there unless DATABASE_URL came from outside."""
    path = Path(os.environ.get("MIGRATED_CLUSTER", ""))
    return path if (path / "PG_VERSION").is_file() else None


def _passwords() -> dict[str, str]:
    """Return those of the migrated cluster, which the test run's own one is a copy of."""
    names = {"DATABASE_ADMIN_URL": "administrator_password", "DATABASE_URL": "service_password"}
    return {own: urlsplit(os.environ[name]).password or "" for name, own in names.items()}


def _cluster(place: Path, own: keys.Keys) -> postgres.Cluster:
    return postgres.Cluster(
        place, own.administrator_password, own.service_password, is_throwaway=True
    )


def _store(place: Path, own: keys.Keys) -> valkey.Store:
    return valkey.Store(place, own.valkey_password, is_throwaway=True)


def _port(url: str) -> int:
    return int(url.rsplit(":", 1)[1].split("/", maxsplit=1)[0])


def _end(server: Server, number: signal.Signals) -> None:
    """Signal a server, and wait until it and its children are gone. May be called twice."""
    if not server.is_alive():
        return
    process = psutil.Process(server.process.pid)
    family = [process, *process.children(recursive=True)]
    server.process.send_signal(number)
    server.process.wait(60)
    psutil.wait_procs(family, timeout=60)
