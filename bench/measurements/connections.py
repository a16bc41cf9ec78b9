"""The memory of connections that serve all tenants, and the cost of bounding it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from time import monotonic, sleep

from bench.registry import Run, measurement
from bench.resource_usage import MIB
from bench.results import Result
from bench.subjects import Outcome
from bench.tenants import fill, hosts_with_rows

PAGE = "/bench/tables/"
# The service's own default, where there are tenants enough for it.
MOST_SCHEMAS = 200
# Pinned tenants divide by four what is kept: five minutes more tell nothing new.
VARIANTS = {"full": ("replaced", "kept")}
ALL_VARIANTS = ("replaced", "kept", "pinned")

Samples = dict[str, list[float]]


@measurement(
    "connections",
    "Four processes with a connection each request pages of random tenants: a page that reads "
    "every one of the tenant's tables, the most that a page can touch. `replaced`: a connection "
    "serves so many schemas (`SCHEMAS_A_CONNECTION`), then another takes its place. `kept`: none "
    "is replaced. `pinned`, left out of the full run: none is replaced, and each process serves "
    "its own quarter of the tenants. Memory is what PostgreSQL's processes don't share, and all "
    "that they hold, with what they share counted once.",
)
def connections(run: Run) -> Iterator[Result]:
    hosts_with_rows(run)
    with run.subjects("ours") as subjects:
        fill(run, subjects["ours"], run.size.tenants[-1])
    tenants = run.tenants["ours"]
    most = max(1, min(MOST_SCHEMAS, tenants // 4))
    variants = VARIANTS.get(run.size.name, ALL_VARIANTS)
    taken = {variant: _request_pages(run, variant, tenants, most) for variant in variants}
    at = f"{tenants:,} tenants, {most} schemas a connection"
    yield _row(taken, "rate", f"requests a second, {at}", "requests")
    for key, note in (("python", "of Python"), ("database", "of the database")):
        yield _row(taken, key, f"a page, {at}", "ms", note=f"processor time {note}")
    yield _row(taken, "private", f"memory of connections, {at}", "MiB")
    yield _row(taken, "total", f"memory of all PostgreSQL, {at}", "MiB")


def _row(taken: dict[str, Samples], key: str, at: str, unit: str, *, note: str = "") -> Result:
    samples = {variant: each[key] for variant, each in taken.items()}
    sampled_at = taken["replaced"]["sampled_at"] if len(samples["replaced"]) > 1 else []
    return Result("connections", at, unit, samples, "kept", note=note, sampled_at=sampled_at)


def _request_pages(run: Run, variant: str, tenants: int, most: int) -> Samples:
    """Request pages by all processes, as fast as they answer, and read the server's memory."""
    count = run.size.processes
    hosts = [f"bench-{number}.localhost" for number in range(tenants)]
    shares = [hosts[number % tenants :: count] for number in range(count)]
    limit = str(most if variant == "replaced" else 0)
    # The processes end before the threads that wait for their answers.
    with ThreadPoolExecutor(count) as threads, ExitStack() as stack:
        subjects = [
            stack.enter_context(run.subjects("ours", SCHEMAS_A_CONNECTION=limit))["ours"]
            for _ in range(count)
        ]
        for subject in subjects:
            subject.run("pages.get", path=PAGE, hosts=hosts[:1], count=1)
        requesting = [
            threads.submit(
                subject.run,
                "pages.get_at_random",
                path=PAGE,
                hosts=shares[number] if variant == "pinned" else hosts,
                seconds=run.size.connection_seconds,
                seed=number,
            )
            for number, subject in enumerate(subjects)
        ]
        return _sample(run, requesting)


def _sample(run: Run, requesting: list[Future[Outcome]]) -> Samples:
    readings = run.size.memory_readings
    before = run.postgres.cpu_seconds()
    started, interval = monotonic(), run.size.connection_seconds / readings
    samples: Samples = {"sampled_at": [], "private": [], "total": []}
    for number in range(1, readings + 1):
        sleep(max(0, started + number * interval - monotonic()))
        samples["sampled_at"].append(number * interval)
        samples["private"].append(run.postgres.private_bytes() / MIB)
        samples["total"].append(run.postgres.memory_bytes() / MIB)
    done = [each.result() for each in requesting]
    counts = [0] * readings
    for second in (second for each in done for second in each.result):
        counts[min(readings - 1, int(second / interval))] += 1
    samples["python"] = [1000 * sum(each.usage.cpu for each in done) / sum(counts)]
    samples["database"] = [1000 * (run.postgres.cpu_seconds() - before) / sum(counts)]
    samples["rate"] = [count / interval for count in counts]
    return samples
