"""A hundred concurrent sign-ups, and the cost of each beyond the hash."""

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from bench.crowd import gathered, sign_up_at_once
from bench.measurements.signup import prepare
from bench.registry import Run, measurement
from bench.results import Result, percentile
from bench.service import Service, running
from bench.sides import Side

ROUNDS = 5
# Uncounted sign-ups at the start, after which each thread of the web has answered a request.
WARMING = 50
# In seconds. The timeout until all messages are sent and the pool is full.
PATIENCE = 300.0
HASHES = 20
UNSENT = "SELECT count(*) FROM tasks_message WHERE state <> 'sent'"
READY = "SELECT count(*) FROM tenancy_pooledschema"


@dataclass(frozen=True)
class Weather:
    """The conditions of a run: the state of the pool, and the processes beside the sign-ups."""

    words: str
    has_pool: bool
    processes: tuple[str, ...]


WEATHERS = (
    Weather("all from the pool", has_pool=True, processes=("web",)),
    Weather("the pool refilled, mail sent", has_pool=True, processes=("web", "worker", "beat")),
    Weather("the pool empty", has_pool=False, processes=("web",)),
)


@measurement(
    "burst",
    "A hundred visitors send the sign-up form in the same moment, over HTTP, to the web as it is "
    "deployed (gunicorn, two processes), with all limits on. The processor time of one sign-up, "
    "without the hash of its password, which is clocked by itself; of the web, of the database, "
    "and of worker and beat until every message is sent and the pool is full again. Beside it, how long "
    "the visitors waited for their answers, hash and all.",
)
def burst(run: Run) -> Iterator[Result]:
    people = min(100, run.size.requests)
    with run.sides("visitors") as sides:
        side = prepare(run, sides)
        hashing = _hashing(side)
        for weather in WEATHERS:
            costs, waited = _rounds(run, side, weather, people, hashing)
            at = f"{people} at once, {weather.words}"
            yield Result("burst", at, "ms", costs, note="processor time of each, without the hash")
            tail = {"web": percentile(waited, 0.99)}
            yield Result("burst", at, "ms", {"web": waited}, note="until the answer", tail=tail)


def _hashing(side: Side) -> float:
    """Return the seconds that a hash takes of a core."""
    return side.do("signup.hash_passwords", count=HASHES).spent.each(HASHES).cpu


def _rounds(
    run: Run, side: Side, weather: Weather, people: int, hashing: float
) -> tuple[dict[str, list[float]], list[float]]:
    costs: dict[str, list[float]] = defaultdict(list)
    waited: list[float] = []
    spares = people if weather.has_pool else 0
    options = {"SCHEMA_POOL_SIZE": str(2 * spares), "TRUSTED_PROXIES": "1", "RATE_LIMITS": "on"}
    place = run.databases["visitors"]
    with running(*weather.processes, folder=run.folder, database=place, **options) as service:
        _one(run, service, min(people, WARMING))
        for _ in range(min(ROUNDS, run.size.rounds)):
            side.do("signup.prepare_spares", count=2 * spares)
            spent, seconds = _one(run, service, people)
            spent["web"] -= hashing
            for name, each in {**spent, "in all": sum(spent.values())}.items():
                costs[name].append(1000 * each)
            waited += [1000 * each for each in seconds]
    return dict(costs), waited


def _one(run: Run, service: Service, people: int) -> tuple[dict[str, float], list[float]]:
    """Return the seconds of a core that a sign-up took, by process, and what each waited."""
    first = run.tenants.get("crowd", 0)
    run.tenants["crowd"] = first + people
    visitors = gathered(first, people, service.port)
    before = _clocks(run, service)
    seconds = sign_up_at_once(visitors)
    if "worker" in service.processes:
        _wait_for_all(service)
    after = _clocks(run, service)
    return {name: (after[name] - before[name]) / people for name in after}, seconds


def _clocks(run: Run, service: Service) -> dict[str, float]:
    return {
        **{name: service.worked(name) for name in service.processes},
        "database": run.clock.read(),
    }


def _wait_for_all(service: Service) -> None:
    """Wait until the messages are sent and the pool is full. Raises `TimeoutError`."""
    wanted = int(service.environment["SCHEMA_POOL_SIZE"])
    url, deadline = service.environment["DATABASE_ADMIN_URL"], time.monotonic() + PATIENCE
    with psycopg.connect(url, autocommit=True) as server:
        while time.monotonic() < deadline:
            (unsent,) = server.execute(UNSENT).fetchone() or (0,)
            (ready,) = server.execute(READY).fetchone() or (0,)
            if not unsent and ready >= wanted:
                return
            time.sleep(0.2)
    raise TimeoutError(f"{unsent} letters unsent, {ready} of {wanted} schemas ready.")
