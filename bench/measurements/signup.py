"""One organisation more, without the hash of its owner's password, at each size of the fleet."""

from collections import defaultdict
from collections.abc import Iterator

import psycopg
from psycopg import sql

from bench.registry import Run, measurement
from bench.results import Result, percentile
from bench.sides import Side

# The sign-ups are taken back after each round: the fleet keeps its size.
EACH_ROUND = 20
# Far from the numbers that the fleet has.
FIRST = 1_000_000
POOLS = {"a schema ready": True, "none ready": False}
PARTS = ("the transaction", "all of it")
CATALOGUE = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'
"""

Taken = dict[str, dict[str, list[float]]]


@measurement(
    "signup",
    "A visitor's sign-up without the hash of the password, one after the other. The transaction: "
    "tenant, domain, schema, owner, profile, address, directory, letter. All of it: what is asked "
    "before as well (is the name free, does the network have its share), and the nudges after the "
    "commit. With a spare schema ready, and with the pool empty. Every twenty are taken back, so "
    "that the fleet keeps its size, and PostgreSQL's catalogue is vacuumed; what was made to fill "
    "it is analyzed before, so that autovacuum doesn't do it meanwhile.",
)
def signup(run: Run) -> Iterator[Result]:
    taken: Taken = defaultdict(dict)
    with run.sides("visitors") as sides:
        side = prepare(run, sides)
        for tenants in sorted({min(run.size.tenants[0], 10), *run.size.tenants}):
            fill(run, side, tenants)
            _settle(run)
            for words, is_ready in POOLS.items():
                found = _rounds(run, side, is_ready=is_ready)
                for part, seconds in zip(PARTS, found, strict=True):
                    taken[f"{part}, {words}"][f"{tenants:,} tenants"] = seconds
    for at, sizes in taken.items():
        tail = {size: percentile(each, 0.99) for size, each in sizes.items()}
        yield Result("signup", at, "ms", sizes, next(iter(sizes)), tail=tail)


def prepare(run: Run, sides: dict[str, Side]) -> Side:
    """Return the side with a database that no other measurement grows."""
    if "visitors" not in run.tenants:
        sides["visitors"].do("ours.prepare")
        run.tenants["visitors"] = 0
    return sides["visitors"]


def fill(run: Run, side: Side, tenants: int) -> None:
    """Have so many tenants in the database of the visitors, at least."""
    first = run.tenants["visitors"]
    if tenants > first:
        side.do("ours.fill", first=first, count=tenants - first)
        run.tenants["visitors"] = tenants


def _rounds(run: Run, side: Side, *, is_ready: bool) -> list[list[float]]:
    """Return the milliseconds of each sign-up's parts, of all rounds, and leave no trace."""
    count = min(EACH_ROUND, 2 * run.size.requests)
    taken: list[tuple[float, float]] = []
    # One round more: what a process loads at its first does not count.
    for number in range(run.size.rounds + 1):
        _vacuum(run)
        if is_ready:
            side.do("signup.prepare_spares", count=count)
        asked = {"first": FIRST, "count": count, "ready": count if is_ready else 0}
        found = side.do("signup.sign_up", **asked).result
        taken += found if number else []
        side.do("signup.close", first=FIRST, count=count)
    return [[1000 * seconds for seconds in part] for part in zip(*taken, strict=True)]


def _settle(run: Run) -> None:
    """Do at once what autovacuum does for minutes after so many tables were made together.

    Each table that it looks at has every connection read that table's part of the catalogue anew.
    """
    url = run.databases["visitors"]["DATABASE_ADMIN_URL"]
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("ANALYZE")


def _vacuum(run: Run) -> None:
    """Take out of the catalogue what the schemas of the last round have left there."""
    url = run.databases["visitors"]["DATABASE_ADMIN_URL"]
    with psycopg.connect(url, autocommit=True) as server:
        for (table,) in server.execute(CATALOGUE).fetchall():
            server.execute(sql.SQL("VACUUM {}").format(sql.SQL(table)))
