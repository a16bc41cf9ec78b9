"""One organisation more, without the hash of its owner's password, at each size of the fleet."""

from collections import defaultdict
from collections.abc import Iterator

import psycopg
from psycopg import sql

from bench.registry import Run, in_turns, measurement
from bench.results import Result, percentile
from bench.sides import VISITORS, Side

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
    "commit. With a spare schema ready, and with the pool empty. Each size of the fleet has a "
    "database of its own, and they take turns. Every twenty are taken back, so that the fleet "
    "keeps its size, and PostgreSQL's catalogue is vacuumed; what was made to fill it is analyzed "
    "and written to disk before, so that autovacuum and checkpoints don't do it meanwhile.",
)
def signup(run: Run) -> Iterator[Result]:
    taken: Taken = defaultdict(dict)
    sizes = sorted({min(run.size.tenants[0], 10), *run.size.tenants})
    names = VISITORS[len(sizes) - 1 :: -1]
    with run.sides(*names) as sides:
        for name, tenants in zip(names, sizes, strict=True):
            fill(run, prepare(run, sides, name), tenants)
            _settle(run, name)
        fleets = {
            f"{tenants:,} tenants": sides[name] for name, tenants in zip(names, sizes, strict=True)
        }
        for words, is_ready in POOLS.items():
            for size, parts in _rounds(run, fleets, is_ready=is_ready).items():
                for part, milliseconds in zip(PARTS, parts, strict=True):
                    taken[f"{part}, {words}"][size] = milliseconds
    for at, found in taken.items():
        tail = {size: percentile(each, 0.99) for size, each in found.items()}
        yield Result("signup", at, "ms", found, next(iter(found)), tail=tail)


def prepare(run: Run, sides: dict[str, Side], name: str = VISITORS[0]) -> Side:
    """Return the side with a database that no other measurement grows."""
    if name not in run.tenants:
        sides[name].do("ours.prepare")
        run.tenants[name] = 0
    return sides[name]


def fill(run: Run, side: Side, tenants: int) -> None:
    """Have so many tenants in the database of the visitors, at least."""
    first = run.tenants[side.name]
    if tenants > first:
        side.do("ours.fill", first=first, count=tenants - first)
        run.tenants[side.name] = tenants


def _rounds(run: Run, fleets: dict[str, Side], *, is_ready: bool) -> dict[str, list[list[float]]]:
    """Return the milliseconds of each sign-up's parts, by size and part, and leave no trace."""
    taken: dict[str, list[list[float]]] = defaultdict(list)
    # One round more: what a process loads at its first does not count.
    for number, sizes in in_turns(run.size.rounds + 1, fleets):
        for size in sizes:
            found = _round(run, fleets[size], is_ready=is_ready)
            taken[size] += found if number else []
    return {
        size: [[1000 * seconds for seconds in part] for part in zip(*found, strict=True)]
        for size, found in taken.items()
    }


def _round(run: Run, side: Side, *, is_ready: bool) -> list[list[float]]:
    """Return the seconds of each part of twenty sign-ups."""
    count = min(EACH_ROUND, 2 * run.size.requests)
    _vacuum(run, side.name)
    if is_ready:
        side.do("signup.prepare_spares", count=count)
    asked = {"first": FIRST, "count": count, "ready": count if is_ready else 0}
    found: list[list[float]] = side.do("signup.sign_up", **asked).result
    side.do("signup.close", first=FIRST, count=count)
    return found


def _settle(run: Run, name: str) -> None:
    """Do at once what the server does for minutes after so many tables were made together.

    Each table that autovacuum looks at has every connection read that table's part of the
    catalogue anew, and a checkpoint has all that was made to write.
    """
    url = run.databases[name]["DATABASE_ADMIN_URL"]
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("ANALYZE")
        server.execute("CHECKPOINT")


def _vacuum(run: Run, name: str) -> None:
    """Take out of the catalogue what the schemas of the last round have left there."""
    url = run.databases[name]["DATABASE_ADMIN_URL"]
    with psycopg.connect(url, autocommit=True) as server:
        for (table,) in server.execute(CATALOGUE).fetchall():
            server.execute(sql.SQL("VACUUM {}").format(sql.SQL(table)))
