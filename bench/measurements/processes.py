"""The start and the memory of a process, and the memory of its database connection."""

from collections.abc import Iterator

import psutil

from bench.registry import Run, measurement
from bench.resource_usage import MIB, memory_bytes, private_bytes
from bench.results import Result
from bench.subjects import Subject
from bench.tenants import COMPARED, fill, hosts_with_rows


@measurement(
    "processes",
    "How long `django.setup()` takes in a fresh interpreter, how much memory the process uses "
    "after it has answered a few pages, and how much its database connection uses before and "
    "after it has read a row of one table in each tenant's schema (`plain` has one schema). "
    "What web processes share is divided among them; of a connection it is what it doesn't share.",
)
def processes(run: Run) -> Iterator[Result]:
    hosts = hosts_with_rows(run)
    with run.subjects("ours", "stock") as subjects:
        for subject in subjects.values():
            fill(run, subject, run.size.tenants[-1], by_copying=True)
    starts: dict[str, list[float]] = {name: [] for name in ("ours", "stock", "plain")}
    for _ in range(min(run.size.rounds, 5)):
        with run.subjects(*starts) as subjects:
            for name, subject in subjects.items():
                starts[name].append(subject.seconds_to_start)
    yield Result("processes", "a cold start", "s", starts, "plain")
    # A connection that is replaced would lose the memory that is measured here.
    with run.subjects(*COMPARED, SCHEMAS_A_CONNECTION="0") as subjects:
        for name, subject in subjects.items():
            subject.run("pages.get", path="/bench/", hosts=hosts[name], count=run.size.requests)
        memory = {
            name: [memory_bytes(psutil.Process(subject.process_id)) / MIB]
            for name, subject in subjects.items()
        }
        yield Result("processes", "a web process", "MiB", memory, "plain")
        yield from _connections(run, subjects)


def _connections(run: Run, subjects: dict[str, Subject]) -> Iterator[Result]:
    before, after = {}, {}
    for name, subject in subjects.items():
        schemas = subject.run(f"{name}.schemas").result
        subject.run("statements.switches", schemas=schemas[:1], count=1)
        process_id = subject.run("statements.backend_pid", schema=schemas[0]).result
        backend = psutil.Process(process_id)
        before[name] = [private_bytes(backend) / MIB]
        subject.run("statements.switches", schemas=schemas, count=len(schemas))
        after[name] = [private_bytes(backend) / MIB]
    tenants = run.tenants["ours"]
    yield Result("processes", "a connection that has read one tenant", "MiB", before, "plain")
    yield Result("processes", f"one that has read {tenants:,}", "MiB", after, "plain")
