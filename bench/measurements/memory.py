"""What connections come to hold when they see all tenants, and what it costs to bound that."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from time import monotonic, sleep
from typing import Any

from bench.measurements.fleet import fill
from bench.measurements.requests import prepare
from bench.registry import Run, measurement
from bench.results import Result
from bench.sides import Side

MIB = 2**20
PAGE = "/bench/tables/"
PROCESSES = 4
# How long each way is worked in, and how often it is looked at meanwhile.
SECONDS = {"tiny": 0.5, "usual": 10, "full": 300}
LOOKS = 20
# The service's own default, where there are tenants enough for it.
MOST_SCHEMAS = 200
# Tenants that are pinned divide by four what is kept; five minutes more say nothing new.
WAYS = {"full": ("replaced", "kept")}
ALL_WAYS = ("replaced", "kept", "pinned")

Taken = dict[str, list[float]]


@measurement(
    "connections",
    "Four processes with a connection each ask for tenants at random, for a page that looks into "
    "every one of the tenant's tables: the most that a page can touch. `replaced`: a connection "
    "sees so many schemas (`SCHEMAS_A_CONNECTION`), then another takes its place. `kept`: none is "
    "replaced. `pinned`, left out of the full run: none is replaced, and each process sees its own "
    "quarter of the tenants. Memory is what PostgreSQL's processes hold each for itself, and all "
    "that they hold, with what they share counted once.",
)
def connections(run: Run) -> Iterator[Result]:
    prepare(run)
    tenants = _have_tenants(run, run.size.tenants[-1])
    most = max(1, min(MOST_SCHEMAS, tenants // 4))
    taken = {way: _work(run, way, tenants, most) for way in WAYS.get(run.size.name, ALL_WAYS)}
    at = f"{tenants:,} tenants, {most} schemas a connection"
    yield _row(f"requests a second, {at}", "requests", taken, "rate", against="kept")
    for key, words in (("python", "of Python"), ("database", "of the database")):
        yield Result(
            "connections",
            f"a page, {at}",
            "ms",
            {way: each[key] for way, each in taken.items()},
            "kept",
            note=f"processor time {words}",
        )
    yield _row(f"memory of connections, {at}", "MiB", taken, "private", against="kept")
    yield _row(f"memory of all PostgreSQL, {at}", "MiB", taken, "total", against="kept")


def _row(at: str, unit: str, taken: dict[str, Taken], key: str, *, against: str = "") -> Result:
    samples = {way: each[key] for way, each in taken.items()}
    moments = taken["replaced"]["moments"]
    return Result("connections", at, unit, samples, against, moments=moments)


def _have_tenants(run: Run, wanted: int) -> int:
    """Fill up to so many tenants, and return how many there are."""
    with run.sides("ours") as sides:
        fill(run, sides["ours"], wanted)
    return run.tenants["ours"]


def _work(run: Run, way: str, tenants: int, most: int) -> Taken:
    """Have the processes ask as fast as they can, and look at their server meanwhile."""
    hosts = [f"bench-{number}.localhost" for number in range(tenants)]
    shares = [hosts[number % tenants :: PROCESSES] for number in range(PROCESSES)]
    limit = str(most if way == "replaced" else 0)
    with ExitStack() as stack, ThreadPoolExecutor(PROCESSES) as pool:
        crew = [
            stack.enter_context(run.sides("ours", SCHEMAS_A_CONNECTION=limit))["ours"]
            for _ in range(PROCESSES)
        ]
        for side in crew:
            side.do("web.ask", path=PAGE, hosts=hosts[:1], count=1)
        asking = [
            pool.submit(_ask, side, shares[number] if way == "pinned" else hosts, number, run)
            for number, side in enumerate(crew)
        ]
        return _watch(run, asking)


def _ask(side: Side, hosts: list[str], seed: int, run: Run) -> Any:
    wishes = {"seconds": SECONDS[run.size.name], "seed": seed}
    return side.do("web.wander", path=PAGE, hosts=hosts, **wishes)


def _watch(run: Run, asking: list["Future[Any]"]) -> Taken:
    before = run.clock.read()
    started, span = monotonic(), SECONDS[run.size.name] / LOOKS
    found: Taken = {"moments": [], "private": [], "total": []}
    for number in range(1, LOOKS + 1):
        sleep(max(0, started + number * span - monotonic()))
        found["moments"].append(number * span)
        found["private"].append(run.clock.private() / MIB)
        found["total"].append(run.clock.memory() / MIB)
    done = [each.result() for each in asking]
    counts = [0] * LOOKS
    for moment in (moment for each in done for moment in each.result):
        counts[min(LOOKS - 1, int(moment / span))] += 1
    found["python"] = [1000 * sum(each.spent.cpu for each in done) / sum(counts)]
    found["database"] = [1000 * (run.clock.read() - before) / sum(counts)]
    return {**found, "rate": [count / span for count in counts]}
