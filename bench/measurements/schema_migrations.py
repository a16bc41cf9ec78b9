"""Creating tenants and migrating all of them, at each number of tenants."""

from collections import defaultdict
from collections.abc import Iterator

from bench import migration_reset, tenants
from bench.registry import Run, alternating, measurement
from bench.resource_usage import ResourceUsage
from bench.results import Result, in_parts
from bench.subjects import Subject

NAME = "schema_migrations"
CREATIONS = 10
MIGRATION_ROUNDS = 3
# Stock takes a second for each tenant and round: above FEW_TENANTS one round is enough, and above
# these numbers of tenants stock is left out.
FEW_TENANTS, MANY_TENANTS = 20, 1_000
MOST_FOR_STOCK = {"nothing to do": MANY_TENANTS, "AddField": MANY_TENANTS, "RunPython": 100}

Usages = dict[str, list[ResourceUsage]]


@measurement(
    NAME,
    "Ours opens an organisation as a sign-up does, in one transaction: rows, schema, owner with a "
    "password hashed by Argon2id, directory, message. Stock saves a tenant and its domain "
    "(`auto_create_schema`), and creates no owner. Then `migrate_schemas` over all tenants: with "
    "nothing to do, with one `AddField`, with one `RunPython` that computes a colour for each of "
    f"{migration_reset.ROWS} rows a tenant and saves them by `bulk_update`. Stock, at a second a "
    "tenant, is left out with more than 1,000 tenants, and of `RunPython` with more than 100. "
    "`loop` is the Python of the migration alone: the same function, called for each schema in a "
    "transaction of its own by as many threads, without migrations. Once more with empty tables, "
    "which leaves the cost of a step itself.",
)
def schema_migrations(run: Run) -> Iterator[Result]:
    with run.subjects("ours", "stock") as subjects:
        for count in run.size.tenants:
            yield from _creations(run, subjects, count)
            yield from _migrations(run, subjects, count)
            for rows in (migration_reset.ROWS, 0):
                yield from _beside_loop(run, subjects["ours"], count, rows)


def _creations(run: Run, subjects: dict[str, Subject], wanted: int) -> Iterator[Result]:
    """Create the last of `wanted` tenants one by one, and more if so many are there already."""
    count = min(CREATIONS, wanted)
    for subject in subjects.values():
        tenants.fill(run, subject, wanted - count, by_copying=run.size.copies)
    usages: Usages = defaultdict(list)
    for _, names in alternating(count, subjects):
        for name in names:
            created = subjects[name].run(f"{name}.create", number=run.tenants[name])
            usages[name].append(created.usage)
            run.tenants[name] += 1
    note = "; before it ours by replay, stock's copied table by table" if run.size.copies else ""
    at = f"one tenant more, {wanted:,} in all{note}"
    yield from in_parts(NAME, at, _ordered(usages), baseline="stock")


def _migrations(run: Run, subjects: dict[str, Subject], count: int) -> Iterator[Result]:
    rounds = min(run.size.rounds, MIGRATION_ROUNDS) if count <= FEW_TENANTS else 1
    steps: dict[str, Usages] = defaultdict(lambda: defaultdict(list))
    for _, names in alternating(rounds, subjects):
        for name in names:
            for step, usage in _round(run, subjects[name], count):
                steps[step][name].append(usage)
    for step, usages in steps.items():
        at = f"migrate_schemas, {step}, {count:,} tenants"
        baseline = "stock" if "stock" in usages else ""
        yield from in_parts(NAME, at, _ordered(usages), baseline=baseline)


def _round(run: Run, subject: Subject, count: int) -> Iterator[tuple[str, ResourceUsage]]:
    """Migrate with nothing to do, then both migrations; fewer of them for stock."""
    most = MOST_FOR_STOCK if subject.name == "stock" else dict.fromkeys(MOST_FOR_STOCK, count)
    migrate = f"{subject.name}.migrate"
    if count <= most["nothing to do"]:
        yield "nothing to do", subject.run(migrate).usage
    _reset(run, subject, to="0001", rows=migration_reset.ROWS)
    for step, target in (("AddField", "0002"), ("RunPython", "0003")):
        if count <= most[step]:
            yield step, subject.run(migrate, app="notes", to=target).usage


def _beside_loop(run: Run, ours: Subject, count: int, rows: int) -> Iterator[Result]:
    """Measure the last migration beside its own Python."""
    usages: Usages = {"ours": [], "loop": []}
    rounds = min(run.size.rounds, MIGRATION_ROUNDS) if count <= MANY_TENANTS else 1
    for _, names in alternating(rounds, usages):
        for name in names:
            _reset(run, ours, to="0002", rows=rows)
            if name == "ours":
                usages[name].append(ours.run("ours.migrate", app="notes", to="0003").usage)
            else:
                usages[name].append(ours.run("ours.loop").usage)
    ours.run("ours.migrate")
    label = f"RunPython with {rows} rows" if rows else "RunPython with empty tables"
    at = f"migrate_schemas, {label}, {count:,} tenants"
    yield from in_parts(NAME, at, usages, baseline="loop")


def _reset(run: Run, subject: Subject, *, to: str, rows: int) -> None:
    """Unapply the migrations after `to`, and replace the rows of each tenant."""
    run.with_rows.discard(subject.name)
    schemas = subject.run(f"{subject.name}.schemas").result
    url = run.databases[subject.name]["DATABASE_ADMIN_URL"]
    migration_reset.unapply(url, schemas, to=to)
    migration_reset.write_rows(url, schemas, rows)
    if subject.name == "ours":
        subject.run("ours.record_revision", app="notes", reached=to)


def _ordered(usages: Usages) -> Usages:
    return {name: usages[name] for name in ("ours", "stock") if name in usages}
