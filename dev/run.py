"""`python -m dev run`: servers, migrations, then web, worker and beat, until Ctrl-C."""

import contextlib
import http.client
import json
import os
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus

from dev import keys, messages, migrations, ports, processes, servers, stack
from dev.environment import (
    Mail,
    mail_environment,
    over,
    service_environment,
    web_environment,
)
from dev.keys import Keys
from dev.mailcatcher import process as mailcatcher
from dev.mailcatcher.process import Catcher
from dev.paths import ENDPOINTS, MAIL, RUN, SECRETS
from dev.progress import say
from dev.server import Server
from dev.servers import Servers

INBOX_PORT = 8025
SMTP_PORT = 1025


@dataclass(frozen=True)
class Running:
    """What is up, for the watcher that reports it."""

    port: int
    catcher: Catcher
    servers: Servers
    keys: Keys
    since: float
    is_ending: threading.Event = field(default_factory=threading.Event)

    def dead(self) -> list[Server]:
        return [s for s in (*self.servers.own, self.catcher.server) if not s.is_alive()]

    def has_failed(self) -> bool:
        return bool(self.dead()) and not self.is_ending.is_set()


def main() -> int:
    since = time.monotonic()
    with stack.held("run"):
        messages.compile_all()
        own_keys = keys.kept(SECRETS)
        port = ports.web_port(os.environ)
        # Ports that stay the same, so that a bookmark keeps working.
        mail = Mail(ports.preferred_port(SMTP_PORT), ports.preferred_port(INBOX_PORT))
        say("Starting PostgreSQL, Redis and the mail catcher.")
        with (
            servers.running(RUN, own_keys, os.environ) as started,
            mailcatcher.running(RUN, MAIL, mail) as catcher,
        ):
            return _serve(Running(port, catcher, started, own_keys, since))


def _serve(running: Running) -> int:
    environment = over(
        service_environment("development", running.keys, running.servers),
        web_environment(running.port),
        mail_environment(running.catcher.mail),
    )
    migrations.bring_up_to_date(environment, running.keys, running.servers)
    # Not before: other commands wait for it, and need the tables.
    stack.publish("run", environment)
    say("Starting web, worker and beat.")
    # One worker's threads are enough for one person, and it starts and reloads sooner than two.
    environment = over({"WEB_WORKERS": "1"}, os.environ, environment)
    try:
        return processes.run(processes.commands(), environment, lambda: _watch(running))
    finally:
        running.is_ending.set()
        ENDPOINTS.unlink(missing_ok=True)
        say("Stopping the servers.")


def _watch(running: Running) -> None:
    """Report when everything is ready, then check that the servers stay up."""
    while not _is_ready(running):
        if running.is_ending.wait(0.1) or running.has_failed():
            break
    else:
        _announce(running)
    while not running.is_ending.wait(1):
        if running.has_failed():
            for server in running.dead():
                say(f"{server.name} ended by itself. Its log ends with:\n{server.last_lines()}")
            processes.end()
            return


def _is_ready(running: Running) -> bool:
    connection = http.client.HTTPConnection(ports.LOOPBACK, running.port, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def _announce(running: Running) -> None:
    web = f"http://localhost:{running.port}"
    endpoints = {
        "web": web,
        "inbox": running.catcher.mail.inbox_url,
        "database": running.servers.administrator_url,
        "redis": running.servers.redis_url,
    }
    keys.write_private(ENDPOINTS, json.dumps(endpoints, indent=2) + "\n")
    rows = {
        "Landing page": f"{web}/",
        "Open an organisation": f"{web}/signup/",
        "Find your workspaces": f"{web}/find/",
        "Operators' console": f"{web}/operator/",
        "  its first login": f"{migrations.OPERATOR}  {running.keys.operator_password}",
        "Mail inbox": running.catcher.mail.inbox_url,
    }
    table = "\n".join(f"  {name:22}{value}" for name, value in rows.items())
    seconds = time.monotonic() - running.since
    print(f"\nReady after {seconds:.1f} s. Ctrl-C ends it.\n\n{table}\n", flush=True)
