"""The same simple page, asked for on each side."""

from collections import defaultdict
from collections.abc import Iterator

import psycopg
from psycopg import sql

from bench.clocks import Spent
from bench.registry import Run, in_turns, measurement
from bench.results import Result, in_parts, percentile
from bench.sides import Side

HOSTS = 5
SIDES = ("ours", "plain", "stock", "service")
CONNECTIONS = {"persistent connections": {}, "a pool of four": {"DATABASE_POOL_SIZE": "4"}}
STATEMENTS = {
    "queries": "a query in autocommit",
    "transactions": "a transaction of three",
    "switches": "another tenant, then a query",
}


@measurement(
    "requests",
    "One page that reads three rows by key, as JSON, through the WSGI application in one process, "
    "without a web server before it, which would cost all sides the same and hide the difference. "
    "`ours` and `stock` have Django's own middleware list with their tenancy in front, `plain` has "
    "the list alone; `service` is ours with all middleware of the service. Several tenants' hosts "
    "in turn; what a request took is each round's mean.",
)
def requests(run: Run) -> Iterator[Result]:
    hosts = prepare(run)
    for words, environment in CONNECTIONS.items():
        with run.sides(*SIDES, **environment) as sides:
            yield from _rounds(run, sides, hosts, words)


@measurement(
    "context",
    "What the context costs a statement, through Django's cursor and nothing above it: one query "
    "by key in autocommit, a transaction of three such queries, and one query in another tenant "
    "each time (`plain` has but one).",
)
def context(run: Run) -> Iterator[Result]:
    prepare(run)
    with run.sides("ours", "stock", "plain") as sides:
        schemas = {name: side.do(f"{name}.schemas").result[:HOSTS] for name, side in sides.items()}
        for deed, words in STATEMENTS.items():
            spent: dict[str, list[Spent]] = {name: [] for name in sides}
            for _, order in in_turns(run.size.rounds, sides):
                for name in order:
                    arguments = {"schemas": schemas[name], "count": run.size.requests}
                    done = sides[name].do(f"wire.{deed}", **arguments)
                    spent[name].append(done.spent.each(run.size.requests))
            yield from in_parts("context", words, spent, against="plain")


def prepare(run: Run) -> dict[str, list[str]]:
    """Have some tenants on each side, with three rows each, and return their hosts."""
    with run.sides("ours", "stock", "plain") as sides:
        for name, side in sides.items():
            if name not in run.tenants:
                side.do(f"{name}.prepare")
                if name != "plain":
                    cloning = {"by_copying": False} if name == "stock" else {}
                    side.do(f"{name}.fill", first=0, count=2, **cloning)
                run.tenants[name] = 2
            if name not in run.planted:
                _plant(run, side)
                run.planted.add(name)
    hosts = [f"bench-{number}.localhost" for number in range(min(HOSTS, run.tenants["ours"]))]
    return {"ours": hosts, "stock": hosts, "service": hosts, "plain": ["localhost"]}


def _plant(run: Run, side: Side) -> None:
    schemas = side.do(f"{side.name}.schemas").result[:HOSTS]
    url = run.databases[side.name]["DATABASE_ADMIN_URL"]
    # Another measurement may have left rows of its own.
    empty = "TRUNCATE {}.notes_note"
    rows = "INSERT INTO {}.notes_note (id, text) VALUES (1, 'one'), (2, 'two'), (3, 'three')"
    with psycopg.connect(url, autocommit=True) as server:
        for schema in schemas:
            for statement in (empty, rows):
                server.execute(sql.SQL(statement).format(sql.Identifier(schema)))


def _rounds(
    run: Run, sides: dict[str, Side], hosts: dict[str, list[str]], words: str
) -> Iterator[Result]:
    spent: dict[str, list[Spent]] = {name: [] for name in SIDES}
    seconds: dict[str, list[float]] = defaultdict(list)
    count = run.size.requests
    for name, side in sides.items():
        side.do("web.ask", path="/bench/", hosts=hosts[name], count=max(5, count // 10))
    for _, order in in_turns(run.size.rounds, sides):
        for name in order:
            done = sides[name].do("web.ask", path="/bench/", hosts=hosts[name], count=count)
            spent[name].append(done.spent.each(count))
            seconds[name] += done.result
    rows = in_parts("requests", f"a request, {words}", spent, against="plain")
    rows[0].tail = {name: 1000 * percentile(each, 0.99) for name, each in seconds.items()}
    yield from rows
