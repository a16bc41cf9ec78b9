"""Making tenants, and migrating all of them, at each size of the fleet."""

from collections import defaultdict
from collections.abc import Iterator

from bench import rewinding
from bench.clocks import Spent
from bench.registry import Run, in_turns, measurement
from bench.results import Result, in_parts
from bench.sides import Side

CREATIONS = 10
MIGRATION_ROUNDS = 3
# Stock takes a second for each tenant and round: with many, one round says it all, and with
# more than so many stock isn't asked any more.
FEW_TENANTS, MANY_TENANTS = 20, 1_000
MOST_FOR_STOCK = {"nothing to do": MANY_TENANTS, "AddField": MANY_TENANTS, "RunPython": 100}

Spendings = dict[str, list[Spent]]


@measurement(
    "fleet",
    "Ours opens an organisation as a sign-up does, in one transaction: rows, schema, owner with a "
    "password hashed by Argon2id, directory, letter. Stock saves a tenant and its domain "
    "(`auto_create_schema`), and makes no owner. Then `migrate_schemas` over all tenants: with "
    "nothing to do, with one `AddField`, with one `RunPython` that computes a colour for each of "
    f"{rewinding.ROWS} rows a tenant and saves them by `bulk_update`. Stock, at a second a "
    "tenant, is left out with more than 1,000 tenants, and of `RunPython` with more than 100. "
    "`loop` is the Python of the migration alone: the same function, called for each schema in a "
    "transaction of its own by as many threads, without migrations. Beside it once more with "
    "empty tables, where little is left but what a step costs by itself.",
)
def fleet(run: Run) -> Iterator[Result]:
    with run.sides("ours", "stock") as sides:
        for side in sides.values():
            side.do(f"{side.name}.prepare")
        for tenants in run.size.tenants:
            yield from _creations(run, sides, tenants)
            yield from _migrations(run, sides, tenants)
            for rows in (rewinding.ROWS, 0):
                yield from _python(run, sides["ours"], tenants, rows)


def _creations(run: Run, sides: dict[str, Side], tenants: int) -> Iterator[Result]:
    count = min(CREATIONS, tenants)
    for side in sides.values():
        fill(run, side, tenants - count, by_copying=run.size.copies)
    spent: Spendings = defaultdict(list)
    for _, order in in_turns(count, sides):
        for name in order:
            number = run.tenants.get(name, 0)
            spent[name].append(sides[name].do(f"{name}.create", number=number).spent)
            run.tenants[name] = number + 1
    note = "; before it ours by replay, stock's copied table by table" if run.size.copies else ""
    at = f"one tenant more, {tenants:,} in all{note}"
    yield from in_parts("fleet", at, _ordered(spent), against="stock")


def fill(run: Run, side: Side, wanted: int, *, by_copying: bool = True) -> None:
    """Have so many tenants on a side, at least."""
    first = run.tenants.get(side.name, 0)
    if wanted > first:
        how = {"by_copying": by_copying} if side.name == "stock" else {}
        side.do(f"{side.name}.fill", first=first, count=wanted - first, **how)
        run.tenants[side.name] = wanted


def _migrations(run: Run, sides: dict[str, Side], tenants: int) -> Iterator[Result]:
    rounds = min(run.size.rounds, MIGRATION_ROUNDS) if tenants <= FEW_TENANTS else 1
    steps: dict[str, Spendings] = defaultdict(lambda: defaultdict(list))
    for _, order in in_turns(rounds, sides):
        for name in order:
            for what, spent in _round(run, sides[name], tenants):
                steps[what][name].append(spent)
    for what, spendings in steps.items():
        at = f"migrate_schemas, {what}, {tenants:,} tenants"
        against = "stock" if "stock" in spendings else ""
        yield from in_parts("fleet", at, _ordered(spendings), against=against)


def _round(run: Run, side: Side, tenants: int) -> Iterator[tuple[str, Spent]]:
    """Migrate with nothing to do, then both migrations, as far as a side is asked to."""
    most = MOST_FOR_STOCK if side.name == "stock" else dict.fromkeys(MOST_FOR_STOCK, tenants)
    if tenants <= most["nothing to do"]:
        yield "nothing to do", side.do(f"{side.name}.migrate").spent
    _at_first(run, side)
    for what, target in (("AddField", "0002"), ("RunPython", "0003")):
        if tenants <= most[what]:
            yield what, side.do(f"{side.name}.migrate", app="notes", to=target).spent


def _at_first(run: Run, side: Side) -> None:
    """Have the first migration in each schema, and rows for the last one."""
    rewinding.release_batch(_database(run, side), _schemas(side), to="0001")
    rewinding.write(_database(run, side), _schemas(side))
    if side.name == "ours":
        side.do("ours.say", app="notes", reached="0001")


def _python(run: Run, ours: Side, tenants: int, rows: int) -> Iterator[Result]:
    """Measure the last migration beside its own Python."""
    spent: Spendings = {"ours": [], "loop": []}
    rounds = min(run.size.rounds, MIGRATION_ROUNDS) if tenants <= MANY_TENANTS else 1
    for _, order in in_turns(rounds, spent):
        for name in order:
            rewinding.release_batch(_database(run, ours), _schemas(ours), to="0002")
            rewinding.write(_database(run, ours), _schemas(ours), rows)
            ours.do("ours.say", app="notes", reached="0002")
            migrates = {"app": "notes", "to": "0003"} if name == "ours" else {}
            spent[name].append(
                ours.do("ours.migrate" if migrates else "ours.loop", **migrates).spent
            )
    ours.do("ours.migrate")
    what = f"RunPython with {rows} rows" if rows else "RunPython with empty tables"
    at = f"migrate_schemas, {what}, {tenants:,} tenants"
    yield from in_parts("fleet", at, spent, against="loop")


def _schemas(side: Side) -> list[str]:
    schemas: list[str] = side.do(f"{side.name}.schemas").result
    return schemas


def _database(run: Run, side: Side) -> str:
    return run.databases[side.name]["DATABASE_ADMIN_URL"]


def _ordered(spent: Spendings) -> Spendings:
    return {name: spent[name] for name in ("ours", "stock") if name in spent}
