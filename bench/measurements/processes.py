"""What a process costs before it does anything, and how much memory a connection uses."""

from collections.abc import Iterator

import psutil

from bench.clocks import private_bytes
from bench.measurements.fleet import fill
from bench.measurements.requests import prepare
from bench.registry import Run, measurement
from bench.results import Result
from bench.sides import Side

MIB = 2**20


@measurement(
    "processes",
    "How long `django.setup()` takes in a fresh interpreter, what the process weighs after it has "
    "answered a few pages, and what its database connection weighs before and after it has read "
    "a row of one table in each tenant's schema (`plain` has but one). What web "
    "processes share is divided among them; of a connection it is what is its own alone.",
)
def processes(run: Run) -> Iterator[Result]:
    hosts = prepare(run)
    with run.sides("ours", "stock") as sides:
        for side in sides.values():
            fill(run, side, run.size.tenants[-1])
    starts: dict[str, list[float]] = {"ours": [], "stock": [], "plain": []}
    for _ in range(min(run.size.rounds, 5)):
        with run.sides(*starts) as sides:
            for name, side in sides.items():
                starts[name].append(side.seconds_to_start)
    yield Result("processes", "a cold start", "s", starts, "plain")
    # A connection that is replaced would lose the memory that is measured here.
    with run.sides(*starts, SCHEMAS_A_CONNECTION="0") as sides:
        for name, side in sides.items():
            side.do("web.ask", path="/bench/", hosts=hosts[name], count=run.size.requests)
        weights = {name: [weight(side.process_id)] for name, side in sides.items()}
        yield Result("processes", "a web process", "MiB", weights, "plain")
        yield from _connections(run, sides)


def _connections(run: Run, sides: dict[str, Side]) -> Iterator[Result]:
    before, after = {}, {}
    for name, side in sides.items():
        schemas = side.do(f"{name}.schemas").result
        side.do("wire.switches", schemas=schemas[:1], count=1)
        backend = side.do("wire.backend", schema=schemas[0]).result
        before[name] = [_private(backend)]
        side.do("wire.switches", schemas=schemas, count=len(schemas))
        after[name] = [_private(backend)]
    tenants = run.tenants["ours"]
    yield Result("processes", "a connection that has seen one tenant", "MiB", before, "plain")
    yield Result("processes", f"one that has seen {tenants:,}", "MiB", after, "plain")


def _private(process_id: int) -> float:
    return private_bytes(psutil.Process(process_id)) / MIB


def weight(process_id: int) -> float:
    """Return the mebibytes that a process holds; 0 where the machine doesn't report them."""
    try:
        return float(psutil.Process(process_id).memory_full_info().pss) / MIB
    except (psutil.Error, AttributeError):
        return 0.0
