"""The same simple page of each subject, and single statements without a page around them."""

from collections import defaultdict
from collections.abc import Iterator

from bench.registry import Run, alternating, measurement
from bench.resource_usage import ResourceUsage
from bench.results import Result, in_parts, percentile
from bench.subjects import Subject
from bench.tenants import COMPARED, HOSTS, hosts_with_rows

SUBJECTS = ("ours", "plain", "stock", "service")
CONNECTIONS = {"persistent connections": {}, "a pool of four": {"DATABASE_POOL_SIZE": "4"}}
STATEMENTS = {
    "queries": "a query in autocommit",
    "transactions": "a transaction of three",
    "switches": "another tenant, then a query",
}


@measurement(
    "requests",
    "One page that reads three rows by key, as JSON, through the WSGI application in one process, "
    "without a web server before it, which would cost all subjects the same and hide the "
    "difference. `ours` and `stock` have Django's own middleware list with their tenancy in front, "
    "`plain` has the list alone; `service` is ours with all middleware of the service. Several "
    "tenants' hosts in rotation; the time of a request is each round's mean.",
)
def requests(run: Run) -> Iterator[Result]:
    hosts = hosts_with_rows(run)
    for label, environment in CONNECTIONS.items():
        with run.subjects(*SUBJECTS, **environment) as subjects:
            yield from _rounds(run, subjects, hosts, label)


def _rounds(
    run: Run, subjects: dict[str, Subject], hosts: dict[str, list[str]], label: str
) -> Iterator[Result]:
    usages: dict[str, list[ResourceUsage]] = {name: [] for name in SUBJECTS}
    seconds: dict[str, list[float]] = defaultdict(list)
    count = run.size.requests
    for name, subject in subjects.items():
        subject.run("pages.get", path="/bench/", hosts=hosts[name], count=max(5, count // 10))
    for _, names in alternating(run.size.rounds, subjects):
        for name in names:
            done = subjects[name].run("pages.get", path="/bench/", hosts=hosts[name], count=count)
            usages[name].append(done.usage.per(count))
            seconds[name] += done.result
    rows = in_parts("requests", f"a request, {label}", usages, baseline="plain")
    rows[0].tail = {name: 1000 * percentile(each, 0.99) for name, each in seconds.items()}
    yield from rows


@measurement(
    "context",
    "What the context costs a statement, through Django's cursor and nothing above it: one query "
    "by key in autocommit, a transaction of three such queries, and one query in another tenant "
    "each time (`plain` has one schema).",
)
def context(run: Run) -> Iterator[Result]:
    hosts_with_rows(run)
    count = run.size.requests
    with run.subjects(*COMPARED) as subjects:
        schemas = {
            name: subject.run(f"{name}.schemas").result[:HOSTS]
            for name, subject in subjects.items()
        }
        for action, label in STATEMENTS.items():
            usages: dict[str, list[ResourceUsage]] = {name: [] for name in subjects}
            for _, names in alternating(run.size.rounds, subjects):
                for name in names:
                    arguments = {"schemas": schemas[name], "count": count}
                    done = subjects[name].run(f"statements.{action}", **arguments)
                    usages[name].append(done.usage.per(count))
            yield from in_parts("context", label, usages, baseline="plain")
