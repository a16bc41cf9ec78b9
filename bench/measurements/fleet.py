"""Making tenants, and migrating all of them, at each size of the fleet."""

from collections import defaultdict
from collections.abc import Iterator

import psycopg
from psycopg import sql

from bench.clocks import Spent
from bench.registry import Run, in_turns, measurement
from bench.results import Result, in_parts
from bench.sides import Side

CREATIONS = 10
MIGRATION_ROUNDS = 3
# Stock takes a second for each tenant and round: with many, one round says it all.
FEW_TENANTS = 20

Spendings = dict[str, list[Spent]]


@measurement(
    "fleet",
    "Ours opens an organisation as a sign-up does, in one transaction: rows, schema, owner with a "
    "password hashed by Argon2id, directory, letter. Stock saves a tenant and its domain "
    "(`auto_create_schema`), and makes no owner. Then `migrate_schemas` over all tenants: with "
    "nothing to do, with one `AddField`, with one `RunPython`.",
)
def fleet(run: Run) -> Iterator[Result]:
    with run.sides("ours", "stock") as sides:
        for side in sides.values():
            side.do(f"{side.name}.prepare")
        for tenants in run.size.tenants:
            yield from _creations(run, sides, tenants)
            yield from _migrations(run, sides, tenants)


def _creations(run: Run, sides: dict[str, Side], tenants: int) -> Iterator[Result]:
    count = min(CREATIONS, tenants)
    for name, side in sides.items():
        _fill(run, side, tenants - count - run.tenants.get(name, 0))
    spent: Spendings = defaultdict(list)
    for _, order in in_turns(count, sides):
        for name in order:
            number = run.tenants.get(name, 0)
            spent[name].append(sides[name].do(f"{name}.create", number=number).spent)
            run.tenants[name] = number + 1
    note = "; schemas before it by cloning" if run.size.clones else ""
    at = f"one tenant more, {tenants:,} in all{note}"
    yield from in_parts("fleet", at, _ordered(spent), against="stock")


def _fill(run: Run, side: Side, count: int) -> None:
    if count <= 0:
        return
    first = run.tenants.get(side.name, 0)
    by_cloning = {"by_cloning": run.size.clones} if side.name == "stock" else {}
    side.do(f"{side.name}.fill", first=first, count=count, **by_cloning)
    run.tenants[side.name] = first + count


def _migrations(run: Run, sides: dict[str, Side], tenants: int) -> Iterator[Result]:
    rounds = min(run.size.rounds, MIGRATION_ROUNDS) if tenants <= FEW_TENANTS else 1
    steps: dict[str, Spendings] = defaultdict(lambda: defaultdict(list))
    for _, order in in_turns(rounds, sides):
        for name in order:
            side = sides[name]
            steps["nothing to do"][name].append(side.do(f"{name}.migrate").spent)
            _take_back(run, side)
            for what, target in (("AddField", "0002"), ("RunPython", "0003")):
                done = side.do(f"{name}.migrate", app="notes", to=target)
                steps[what][name].append(done.spent)
    for what, spent in steps.items():
        at = f"migrate_schemas, {what}, {tenants:,} tenants"
        yield from in_parts("fleet", at, _ordered(spent), against="stock")


def _take_back(run: Run, side: Side) -> None:
    """Undo the two migrations, past Django: stock would take as long for it as for them."""
    schemas = side.do(f"{side.name}.schemas").result
    url = run.databases[side.name]["DATABASE_ADMIN_URL"]
    with psycopg.connect(url, autocommit=True) as server:
        for schema in schemas:
            for statement in (
                "ALTER TABLE {}.notes_note DROP COLUMN colour",
                "DELETE FROM {}.django_migrations WHERE app = 'notes' AND name > '0002'",
            ):
                server.execute(sql.SQL(statement).format(sql.Identifier(schema)))
        if side.name == "ours":
            # What the rows say of the schemas isn't true any more.
            server.execute("UPDATE public.tenants_tenant SET revision = ''")


def _ordered(spent: Spendings) -> Spendings:
    return {name: spent[name] for name in ("ours", "stock")}
