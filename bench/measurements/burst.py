"""A hundred concurrent sign-ups, and the processor time of each beyond the password's hash."""

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from bench import tenants
from bench.concurrency import Visitor, sign_up_concurrently
from bench.registry import Run, measurement
from bench.results import Result, percentile
from bench.service import Service, running
from bench.subjects import Subject

ROUNDS = 5
# Sign-ups before the first round, after which each thread of the web has answered a request.
WARM_UP = 50
# Until all messages are sent and the pool is full.
TIMEOUT_SECONDS = 300.0
HASHES = 20
UNSENT = "SELECT count(*) FROM tasks_message WHERE state <> 'sent'"
READY = "SELECT count(*) FROM tenancy_pooledschema"


@dataclass(frozen=True)
class Scenario:
    """The state of the pool before a burst, and the processes that run."""

    label: str
    has_pool: bool
    processes: tuple[str, ...]


SCENARIOS = (
    Scenario("all from the pool", has_pool=True, processes=("web",)),
    # Without beat, a message stays unsent whose notification expires before the worker reads it.
    Scenario("the pool refilled, mail sent", has_pool=True, processes=("web", "worker", "beat")),
    Scenario("the pool empty", has_pool=False, processes=("web",)),
)


@measurement(
    "burst",
    "A hundred visitors send the sign-up form at the same time, over HTTP, to the web as it is "
    "deployed (gunicorn, two processes), with all limits on. The processor time of one sign-up, "
    "without the hash of its password, which is measured separately; of the web, of the database, "
    "and of worker and beat until every message is sent and the pool is full again. Beside it, how "
    "long the visitors waited for their answers, with the hash.",
)
def burst(run: Run) -> Iterator[Result]:
    visitors = min(100, run.size.requests)
    with run.subjects("visitors") as subjects:
        subject = subjects["visitors"]
        tenants.migrate(run, subject)
        hashes = min(HASHES, run.size.requests)
        hashed = subject.run("signup.hash_passwords", count=hashes).usage.per(hashes)
        for scenario in SCENARIOS:
            costs, waits = _rounds(run, subject, scenario, visitors, hashed.cpu)
            at = f"{visitors} at once, {scenario.label}"
            yield Result("burst", at, "ms", costs, note="processor time of each, without the hash")
            tail = {"web": percentile(waits, 0.99)}
            yield Result("burst", at, "ms", {"web": waits}, note="until the answer", tail=tail)


def _rounds(
    run: Run, subject: Subject, scenario: Scenario, visitors: int, hash_seconds: float
) -> tuple[dict[str, list[float]], list[float]]:
    """Return the milliseconds of each sign-up, by process, and those of each visitor's wait."""
    costs: dict[str, list[float]] = defaultdict(list)
    waits: list[float] = []
    pooled = 2 * visitors if scenario.has_pool else 0
    options = {"SCHEMA_POOL_SIZE": str(pooled), "TRUSTED_PROXIES": "1", "RATE_LIMITS": "on"}
    with running(run, *scenario.processes, **options) as service:
        _sign_up(run, service, min(visitors, WARM_UP))
        for _ in range(min(ROUNDS, run.size.rounds)):
            subject.run("signup.fill_pool", count=pooled)
            seconds, waited = _sign_up(run, service, visitors)
            seconds["web"] -= hash_seconds
            for name, each in {**seconds, "in all": sum(seconds.values())}.items():
                costs[name].append(1000 * each)
            waits += [1000 * each for each in waited]
    return dict(costs), waits


def _sign_up(run: Run, service: Service, count: int) -> tuple[dict[str, float], list[float]]:
    """Return the seconds of processor time of each sign-up, by process, and each wait."""
    numbers = range(run.next_visitor, run.next_visitor + count)
    run.next_visitor += count
    visitors = [Visitor(number, service.port) for number in numbers]
    before = _cpu_seconds(run, service)
    waits = sign_up_concurrently(visitors)
    if "worker" in service.processes:
        wait_for_all(service)
    after = _cpu_seconds(run, service)
    return {name: (after[name] - before[name]) / count for name in after}, waits


def _cpu_seconds(run: Run, service: Service) -> dict[str, float]:
    own = {name: service.cpu_seconds(name) for name in service.processes}
    return {**own, "database": run.postgres.cpu_seconds()}


def wait_for_all(service: Service, seconds: float = TIMEOUT_SECONDS) -> None:
    """Wait until the messages are sent and the pool is full.

    Raises `TimeoutError`, and `ProcessEndedError` at once if a process of the service has ended.
    """
    wanted = int(service.environment["SCHEMA_POOL_SIZE"])
    deadline = time.monotonic() + seconds
    with psycopg.connect(service.environment["DATABASE_ADMIN_URL"], autocommit=True) as server:
        while time.monotonic() < deadline:
            service.check()
            (unsent,) = server.execute(UNSENT).fetchone() or (0,)
            (ready,) = server.execute(READY).fetchone() or (0,)
            if not unsent and ready >= wanted:
                return
            time.sleep(0.2)
    raise TimeoutError(
        f"{unsent} messages unsent and {ready} of {wanted} schemas ready after {seconds:.0f} s"
    )
