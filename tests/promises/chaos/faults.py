"""What goes wrong, by a printed seed, and the supervisor that starts everything again."""

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Self

import psutil
import psycopg

from tests.promises.chaos.mail_server import MailServer
from tests.stacks import OwnServers, Stack, wait_until

PROGRAMS = ("web", "worker", "beat")
# Not 5xx: who is refused for good is given up at once, codes as well (tests/promises/outages).
MAIL_MODES = ("refuse", "timeout", "drop_after_data", "4xx", "busy", "slow")


class Supervisor:
    """Starts again what has died, as systemd or Compose would: after a moment."""

    def __init__(self, stack: Stack, servers: OwnServers) -> None:
        self.stack, self.servers = stack, servers
        self._failure: BaseException | None = None
        self._families = {process.pid for process in stack.processes.values()}
        self._is_over = threading.Event()
        # Held while a program is started, and by whoever stops one on purpose.
        self._starting = threading.Lock()
        rounds = [lambda name=name: self._watch_program(name) for name in PROGRAMS]
        rounds += [self._watch_database, self._watch_redis]
        self._threads = [threading.Thread(target=self._rounds, args=(each,)) for each in rounds]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()
        for family in self._families:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(family, signal.SIGKILL)

    def check(self) -> None:
        """Raise what has kept the supervisor from its work."""
        if self._failure:
            raise self._failure

    @contextlib.contextmanager
    def without_worker(self) -> Iterator[None]:
        """Let the worker put down what it has in hand, and nobody else pick it up."""
        with self._starting:
            worker = self.stack.processes["worker"]
            worker.terminate()
            worker.wait(180)
            wait_until(lambda: not self._orphans(), "the end of workers without a parent", 180)
            yield
            self._start("worker")

    def _start(self, name: str) -> None:
        self.stack.start(name)
        self._families.add(self.stack.processes[name].pid)

    def _rounds(self, watch: Callable[[], None]) -> None:
        try:
            while not self._is_over.wait(0.1):
                watch()
        except BaseException as error:  # noqa: BLE001  # `check` raises it.
            self._failure = error

    def _watch_program(self, name: str) -> None:
        if self.stack.processes[name].poll() is None:
            return
        self._is_over.wait(0.3)
        with self._starting:
            if self.stack.processes[name].poll() is not None:
                self._start(name)

    def _watch_database(self) -> None:
        if not self.servers.database.server.is_alive():
            self._is_over.wait(0.3)
            self.servers.start_database()

    def _watch_redis(self) -> None:
        if not self.servers.store.server.is_alive():
            self._is_over.wait(0.3)
            self.servers.start_redis()

    def _orphans(self) -> list[psutil.Process]:
        """Workers that run on although their parent is gone."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                is_ours = os.getpgid(process.pid) in self._families
                if is_ours and "worker" in process.cmdline():
                    found.append(process)
        return found


class Faults:
    """Kills and faults, one after the other, until it is told to end."""

    def __init__(self, supervisor: Supervisor, mail_server: MailServer, seed: int) -> None:
        self.stack, self.servers = supervisor.stack, supervisor.servers
        self.mail_server = mail_server
        # Set by whoever has seen enough.
        self.is_over = threading.Event()
        self.rng = random.Random(seed)  # noqa: S311  # No secret.
        self.blows: Counter[str] = Counter()
        self.kinds: dict[str, Callable[[], bool]] = {
            "web, all of it": lambda: self._kill_family("web"),
            "web, the arbiter": lambda: self._kill_head("web"),
            "web, a worker": lambda: self._kill_child("web"),
            "Celery worker, all of it": lambda: self._kill_family("worker"),
            "Celery worker, the parent": lambda: self._kill_head("worker"),
            "Celery worker, a child": lambda: self._kill_child("worker"),
            "beat": lambda: self._kill_family("beat"),
            "Valkey": self._kill_redis,
            "PostgreSQL (immediate shutdown)": self._kill_database,
            "PostgreSQL (a backend)": self._kill_backend,
            "mail server": self._break_mail,
        }

    def inject(
        self,
        seconds: float,
        *,
        pause: tuple[float, float],
        is_enough: Callable[[], bool],
        only: tuple[str, ...] | None = None,
    ) -> None:
        """Strike once with each kind, in any order, then at random until the time is over.

        An aimed chaos run has `only` some kinds; one without any injects none. Where a busy machine
        has done too little in that time, it goes on until there `is_enough`.
        """
        end = time.monotonic() + seconds
        # The mail server fails in many ways.
        often = [*self.kinds, "mail server", "mail server"]
        kinds = [kind for kind in often if only is None or kind in only]
        waiting = self.rng.sample(kinds, len(kinds))
        while time.monotonic() < end or waiting or not is_enough():
            assert time.monotonic() < end + 300, "the service doesn't come back between blows"
            if self.is_over.wait(self.rng.uniform(*pause)):
                break
            if not kinds:
                continue
            kind = waiting.pop() if waiting else self.rng.choice(kinds)
            if not self._strike(kind) and kind not in waiting:
                waiting.insert(0, kind)
        self.mail_server.mode = "ok"

    def kills_near_mail(self) -> int:
        """How many blows could part an e-mail's acceptance from our record of it."""
        return sum(n for kind, n in self.blows.items() if kind.startswith(("Celery", "PostgreSQL")))

    def _strike(self, kind: str) -> bool:
        """Whether there was something to strike: what is down already is left to come back."""
        needs_web = kind not in ("mail server", "beat", "Valkey")
        if needs_web and not self.stack.is_ready():
            return False
        try:
            has_struck = self.kinds[kind]()
        except (ProcessLookupError, psutil.Error, psycopg.Error):
            return False
        if has_struck:
            self.blows[kind] += 1
        return has_struck

    def _kill_family(self, name: str) -> bool:
        os.killpg(self.stack.processes[name].pid, signal.SIGKILL)
        return True

    def _kill_head(self, name: str) -> bool:
        os.kill(self.stack.processes[name].pid, signal.SIGKILL)
        return True

    def _kill_child(self, name: str) -> bool:
        children = psutil.Process(self.stack.processes[name].pid).children()
        if children:
            self.rng.choice(children).kill()
        return bool(children)

    def _kill_redis(self) -> bool:
        if not self.servers.store.server.is_alive():
            return False
        self.servers.kill_redis()
        return True

    def _kill_database(self) -> bool:
        self.servers.kill_database()
        return True

    def _kill_backend(self) -> bool:
        """PostgreSQL takes this for corrupted memory, and ends every other backend as well."""
        busiest = (
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND pid <> pg_backend_pid() ORDER BY state = 'idle', random() LIMIT 1"
        )
        with psycopg.connect(self.servers.database.administrator_url) as administrator:
            found = administrator.execute(busiest).fetchone()
        if found:
            os.kill(found[0], signal.SIGKILL)
        return found is not None

    def _break_mail(self) -> bool:
        self.mail_server.mode = self.rng.choice(MAIL_MODES)
        time.sleep(self.rng.uniform(0.5, 2))
        if self.rng.random() < 0.7:
            self.mail_server.mode = "ok"
        return True


def heal(supervisor: Supervisor, mail_server: MailServer) -> float:
    """Wait until everything is up, with a worker that has nothing in hand; return the moment."""
    mail_server.mode = "ok"
    for _ in range(3):  # The last blow may need a moment to be felt.
        supervisor.stack.wait_until_ready(180)
        time.sleep(0.5)
    supervisor.check()
    with (
        supervisor.without_worker(),
        psycopg.connect(supervisor.servers.database.administrator_url) as administrator,
    ):
        # What the dead had in hand waits for its lease to end. Later, as far as the sweep can tell.
        administrator.execute(
            "UPDATE tasks_message SET due_at = now() WHERE state NOT IN ('sent', 'dead')"
        )
        return time.monotonic()
