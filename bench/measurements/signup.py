"""One more sign-up, without the hash of its owner's password, at each number of tenants."""

from collections.abc import Iterator

import psycopg
from psycopg import sql

from bench.registry import Run, alternating, measurement
from bench.results import Result, percentile
from bench.subjects import VISITORS, Subject
from bench.tenants import fill

# The sign-ups of a round are deleted after it, so that the number of tenants stays.
EACH_ROUND = 20
# No other tenant has a number as high.
FIRST = 1_000_000
POOLS = {"a schema ready": True, "none ready": False}
PARTS = ("the transaction", "all of it")
CATALOGUE = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'
"""


@measurement(
    "signup",
    "A visitor's sign-up without the hash of the password, one after the other. The transaction: "
    "tenant, domain, schema, owner, profile, address, directory, message. All of it: what is "
    "checked before as well (the name, the network's rate limit), and the notifications after the "
    "commit. With a schema ready in the pool, and with the pool empty. Each number of tenants has "
    "a database, and the databases alternate. Every twenty sign-ups are deleted, so that the "
    "number of tenants stays, and PostgreSQL's catalogue is vacuumed; the tenants before them are "
    "analyzed and written to disk first, so that autovacuum and checkpoints don't run meanwhile.",
)
def signup(run: Run) -> Iterator[Result]:
    sizes = sorted({min(run.size.tenants[0], 10), *run.size.tenants})
    names = VISITORS[len(sizes) - 1 :: -1]
    with run.subjects(*names) as subjects:
        for name, tenants in zip(names, sizes, strict=True):
            fill(run, subjects[name], tenants)
            _settle(run, name)
        by_size = {f"{n:,} tenants": subjects[name] for name, n in zip(names, sizes, strict=True)}
        for pool, has_pool in POOLS.items():
            rounds = _rounds(run, by_size, has_pool=has_pool)
            for number, part in enumerate(PARTS):
                samples = {
                    size: [1000 * seconds[number] for seconds in each]
                    for size, each in rounds.items()
                }
                tail = {size: percentile(each, 0.99) for size, each in samples.items()}
                smallest = next(iter(by_size))
                yield Result("signup", f"{part}, {pool}", "ms", samples, smallest, tail=tail)


def _rounds(
    run: Run, by_size: dict[str, Subject], *, has_pool: bool
) -> dict[str, list[list[float]]]:
    """Return the seconds of each sign-up's parts, by number of tenants."""
    taken: dict[str, list[list[float]]] = {size: [] for size in by_size}
    # One round more: what a process loads in its first is not counted.
    for number, sizes in alternating(run.size.rounds + 1, by_size):
        for size in sizes:
            seconds = _round(run, by_size[size], has_pool=has_pool)
            taken[size] += seconds if number else []
    return taken


def _round(run: Run, subject: Subject, *, has_pool: bool) -> list[list[float]]:
    """Return the seconds of each part of twenty sign-ups."""
    count = min(EACH_ROUND, 2 * run.size.requests)
    # The schemas of the last round have left dead rows in the catalogue.
    with psycopg.connect(_url(run, subject.name), autocommit=True) as server:
        for (table,) in server.execute(CATALOGUE).fetchall():
            server.execute(sql.SQL("VACUUM {}").format(sql.SQL(table)))
    if has_pool:
        subject.run("signup.fill_pool", count=count)
    request = {"first": FIRST, "count": count, "ready": count if has_pool else 0}
    seconds: list[list[float]] = subject.run("signup.sign_up", **request).result
    subject.run("signup.delete", first=FIRST, count=count)
    return seconds


def _settle(run: Run, name: str) -> None:
    """Do at once what the server does for minutes after many tables were created together.

    For each table that autovacuum analyzes, every connection reads that table's part of the
    catalogue again, and a checkpoint writes all new tables to disk.
    """
    with psycopg.connect(_url(run, name), autocommit=True) as server:
        server.execute("ANALYZE")
        server.execute("CHECKPOINT")


def _url(run: Run, name: str) -> str:
    return run.databases[name]["DATABASE_ADMIN_URL"]
