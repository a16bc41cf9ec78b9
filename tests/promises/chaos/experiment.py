"""One chaos run from its first blow to the last e-mail, and what is found afterwards."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import psycopg

from dev.paths import ROOT
from tests.promises.chaos import audit
from tests.promises.chaos.faults import PROGRAMS, Faults, Supervisor, heal
from tests.promises.chaos.founders import FAILURES, Population
from tests.promises.chaos.mail_server import MailServer
from tests.promises.chaos.people import Founder
from tests.promises.conftest import scaled
from tests.stacks import OwnServers, Stack, Visitor, on_own_servers

WORKER_CONCURRENCY = 2
NEIGHBOURS = 10
Look = Callable[[], audit.Accounts]


@dataclass(frozen=True)
class Load:
    """How hard, and for how long.

    `hurry` is how many hang up before the page comes; `patience` is for what follows. Aimed
    `blows` are all there are, and the chaos run is over as soon as somebody sees `until`.
    """

    seconds: float
    threads: int
    at_once: int
    guests: int
    pause: tuple[float, float]
    hurry: float = 0.15
    patience: float = 300
    blows: tuple[str, ...] | None = None
    # So many sign-ups are sent at least, however long that takes.
    forms: int = 0
    until: str = ""


# Half a minute in all: one blow at each program and server that keeps something.
SHORT = Load(
    seconds=5,
    threads=4,
    at_once=6,
    guests=2,
    pause=(0.3, 1.0),
    blows=(
        "web, all of it",
        "Celery worker, all of it",
        "Valkey",
        "PostgreSQL (immediate shutdown)",
        "mail server",
    ),
)
LONG = Load(seconds=scaled(180, quick=15), threads=10, at_once=20, guests=4, pause=(0.5, 3.0))


@dataclass(frozen=True)
class Outcome:
    """What was found wrong, and who took part in what."""

    findings: list[str]
    population: Population
    faults: Faults
    accounts: audit.Accounts
    post: audit.Post

    def figures(self) -> Iterator[tuple[str, int]]:
        founders, opened = self.population.founders, self.accounts.tenants
        came_back = [founder for founder in founders if founder.posts > 1]
        went_on = [f for f in came_back if f.slug in opened and opened[f.slug].at < f.last_post_at]
        yield "People who came, founders and guests", len(founders) + len(self.population.guests)
        yield "Organisations opened, all whole", len(opened)
        yield "Guests who joined, all whole", sum(guest.is_in for guest in self.population.guests)
        yield "Forms sent again after no answer", sum(f.posts - 1 for f in came_back)
        yield "People whose second form continued with what the first had opened", len(went_on)
        for kind, count in sorted(self.faults.blows.items()):
            yield f"Faults: {kind}", count
        yield "E-mails written, all delivered", self.post.sent
        yield "Copies of them that the mail server took", self.post.copies
        yield (
            "Duplicates: the server closed the connection before its answer",
            self.post.doubled_by_the_server,
        )
        yield (
            "Duplicates: a process died before it recorded the answer",
            self.post.doubled_by_a_death,
        )


def live_through(place: Path, load: Load, seed: int, root: Path = ROOT) -> Outcome:
    """Let people come in while faults are injected; heal everything; let them finish; look."""
    with (
        MailServer() as mail_server,
        on_own_servers(place, *PROGRAMS, root=root, **_environment(mail_server, seed)) as (
            stack,
            servers,
        ),
        Supervisor(stack, servers) as supervisor,
    ):
        look = partial(audit.take, servers.database.administrator_url, stack.environment)
        population = Population(
            lambda rng: Founder(stack, mail_server, rng, load.guests, load.hurry), seed
        )
        faults = Faults(supervisor, mail_server, seed)
        with _watching(look, load.until, faults.is_over) as halves:
            _inject(faults, population, load)
            has_ended = not faults.is_over.is_set()
            calm_since = heal(supervisor, mail_server) if has_ended else time.monotonic()
        if has_ended:
            halves += _the_unanswered(population, look)
        if not halves:
            _finish(population, servers, load)
            _come_late(population, mail_server, servers, load)
        accounts = look()
        strangers = _let_in_next_door(population)
        debris = [] if halves else _debris(stack)
        supervisor.check()
    audit.check_people(accounts, population.founders)
    deaths = faults.kills_near_mail() * WORKER_CONCURRENCY
    post = audit.check_post(accounts, mail_server.copies(), calm_since, deaths)
    unfinished = [f"{f.slug} did not get through" for f in population.founders if not f.is_done]
    found = [*halves, *accounts.findings, *strangers, *debris, *unfinished]
    return Outcome(found, population, faults, accounts, post)


def _environment(mail_server: MailServer, seed: int) -> dict[str, str]:
    """Little patience everywhere, so that a short chaos run sees many attempts."""
    return {
        "EMAIL_URL": mail_server.url,
        "RATE_LIMITS": "off",
        # Some sign-ups take a schema that is ready, others find none.
        "SCHEMA_POOL_SIZE": "3",
        # With a pool and without: both have to notice that the other end is dead.
        "DATABASE_POOL_SIZE": "4" if seed % 2 else "0",
        "WEB_WORKERS": "2",
        "WEB_THREADS": "4",
        "WORKER_CONCURRENCY": str(WORKER_CONCURRENCY),
        "OUTBOX_FIRST_RETRY_SECONDS": "0.5",
        # Who is killed has no time to say what was covered.
        "COVERAGE_PROCESS_START": "",
        "COVERAGE_PROCESS_CONFIG": "",
    }


def _inject(faults: Faults, population: Population, load: Load) -> None:
    is_over = threading.Event()
    threads = population.live(threads=load.threads, at_once=load.at_once, until=is_over)
    try:
        faults.inject(
            load.seconds,
            pause=load.pause,
            is_enough=lambda: population.forms_sent() >= load.forms,
            only=load.blows,
        )
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


@contextlib.contextmanager
def _watching(look: Look, until: str, is_seen: threading.Event) -> Iterator[list[str]]:
    """Look again and again for as long as the block runs: nobody may see a half at any moment."""
    found: dict[str, None] = {}
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(1):
            began = time.monotonic()
            with contextlib.suppress(psycopg.OperationalError):  # The database is down.
                found.update(dict.fromkeys(look().findings))
            if until and any(until in finding for finding in found):
                is_seen.set()
            is_over.wait(2 * (time.monotonic() - began))

    watcher = threading.Thread(target=watch)
    watcher.start()
    findings: list[str] = []
    try:
        yield findings
    finally:
        is_over.set()
        watcher.join()
        findings.extend(found)


def _the_unanswered(population: Population, look: Look) -> list[str]:
    """Whoever got no page has nothing, or everything; and the same form leads on to it."""
    for founder in population.founders:
        founder.hurry = 0
    accounts = look()
    audit.check_people(accounts, population.founders)
    for founder in population.founders:
        if founder.posts and not founder.has_opened:
            try:
                founder.open()
            except FAILURES as error:
                accounts.find(founder.slug, "can't go on with the same form:", error)
    return accounts.findings


def _finish(population: Population, servers: OwnServers, load: Load) -> None:
    """Let everybody go on to the end, and every e-mail out."""
    population.finish(threads=load.threads, seconds=load.patience)
    _wait_for_the_outbox(servers, load.patience)


def _come_late(
    population: Population, mail_server: MailServer, servers: OwnServers, load: Load
) -> None:
    """Open one more organisation, whose welcome takes longer than the sweep to come round."""
    mail_server.mode = "slow"
    late = population.newcomer()
    late.hurry, late.guests = 0, []
    while not late.is_done:
        late.step()
    _wait_for_the_outbox(servers, load.patience)


def _let_in_next_door(population: Population) -> list[str]:
    """Take each session to the next tenant's host, where it must be nobody's."""
    inside = [founder for founder in population.founders if founder.browser][:NEIGHBOURS]
    found = []
    for founder, neighbour in pairwise(inside):
        stranger = Visitor(founder.stack, neighbour.slug)
        stranger.cookies = dict(founder.browser.cookies) if founder.browser else {}
        answer = stranger.get("/console/")
        if not answer.headers.get("Location", "").startswith("/accounts/login/"):
            found.append(f"{founder.slug} is let in at {neighbour.slug}")
    return found


def _debris(stack: Stack) -> list[str]:
    """What the doctor finds when all is over: nothing, before and after it may fix."""
    found = [stack.run("doctor"), stack.run("doctor", "--fix")]
    if found[0] != found[1]:
        found.append(stack.run("doctor"))
    return [
        f"the doctor says: {said}" for code, said in found if code or "No findings." not in said
    ]


def _wait_for_the_outbox(servers: OwnServers, seconds: float) -> None:
    """Give it the time; what is left then, the audit finds."""
    undelivered = "SELECT count(*) FROM tasks_message WHERE state NOT IN ('sent', 'dead')"
    is_enough = threading.Event()
    with psycopg.connect(servers.database.administrator_url, autocommit=True) as administrator:
        for _ in range(int(seconds / 0.2)):
            if administrator.execute(undelivered).fetchone() == (0,):
                return
            is_enough.wait(0.2)
