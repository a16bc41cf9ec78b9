"""One organisation more, without the hash of its owner's password, at each size of the fleet."""

from collections.abc import Iterator

from bench.registry import Run, measurement
from bench.results import Result, percentile
from bench.sides import Side

# The sign-ups are taken back after each round: the fleet keeps its size.
EACH_ROUND = 20
# Far from the numbers that the fleet has.
FIRST = 1_000_000
POOLS = {"a schema is ready": True, "none is ready": False}


@measurement(
    "signup",
    "All of a visitor's sign-up but the hash of the password, one after the other: what is asked "
    "before the transaction (is the name free, does the network have its share), the transaction "
    "itself (tenant, domain, schema, owner, profile, address, directory, letter), and the nudges "
    "to the worker after the commit. With a spare schema ready, and with the pool empty.",
)
def signup(run: Run) -> Iterator[Result]:
    at_sizes: dict[str, dict[str, list[float]]] = {words: {} for words in POOLS}
    with run.sides("visitors") as sides:
        side = prepare(run, sides)
        for tenants in sorted({min(run.size.tenants[0], 10), *run.size.tenants}):
            fill(run, side, tenants)
            for words, is_ready in POOLS.items():
                taken = _rounds(run, side, is_ready=is_ready)
                at_sizes[words][f"{tenants:,} tenants"] = taken
    for words, sizes in at_sizes.items():
        tail = {size: percentile(each, 0.99) for size, each in sizes.items()}
        yield Result("signup", words, "ms", sizes, next(iter(sizes)), tail=tail)


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


def _rounds(run: Run, side: Side, *, is_ready: bool) -> list[float]:
    """Return the milliseconds of each sign-up of all rounds, and leave no trace of them."""
    count = min(EACH_ROUND, 2 * run.size.requests)
    taken: list[float] = []
    for _ in range(run.size.rounds):
        if is_ready:
            side.do("signup.prepare_spares", count=count)
        asked = {"first": FIRST, "count": count, "ready": count if is_ready else 0}
        taken += side.do("signup.sign_up", **asked).result
        side.do("signup.close", first=FIRST, count=count)
    return [1000 * seconds for seconds in taken]
