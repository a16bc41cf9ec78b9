"""Tables and tenants of the subjects' databases, created when a measurement first needs them."""

import psycopg
from psycopg import sql

from bench.registry import Run
from bench.subjects import VISITORS, Subject

HOSTS = 5
COMPARED = ("ours", "stock", "plain")
EMPTY = sql.SQL("TRUNCATE {}.notes_note")
ROWS = sql.SQL("INSERT INTO {}.notes_note (id, text) VALUES (1, 'one'), (2, 'two'), (3, 'three')")


def migrate(run: Run, subject: Subject) -> None:
    """Create the tables of a subject's database, unless they are there."""
    if subject.name not in run.tenants:
        subject.run(f"{_actions(subject)}.prepare")
        run.tenants[subject.name] = 0


def fill(run: Run, subject: Subject, wanted: int, *, by_copying: bool = False) -> None:
    """Create tenants up to `wanted`; stock's from the second on as copies of a schema if told."""
    migrate(run, subject)
    first = run.tenants[subject.name]
    if wanted > first:
        options = {"by_copying": by_copying} if subject.name == "stock" else {}
        actions = _actions(subject)
        subject.run(f"{actions}.fill", first=first, count=wanted - first, **options)
        run.tenants[subject.name] = wanted


def hosts_with_rows(run: Run) -> dict[str, list[str]]:
    """Return hosts by subject, whose tenants have three rows each; at least two tenants."""
    missing = [name for name in COMPARED if name not in run.with_rows]
    with run.subjects(*missing) as subjects:
        for name, subject in subjects.items():
            if name == "plain":
                migrate(run, subject)
            else:
                fill(run, subject, 2)
            _write_rows(run, subject)
            run.with_rows.add(name)
    hosts = [f"bench-{number}.localhost" for number in range(min(HOSTS, run.tenants["ours"]))]
    return {"ours": hosts, "stock": hosts, "service": hosts, "plain": ["localhost"]}


def _write_rows(run: Run, subject: Subject) -> None:
    """Replace the rows of the first tenants: another measurement may have left its own."""
    schemas = subject.run(f"{subject.name}.schemas").result[:HOSTS]
    url = run.databases[subject.name]["DATABASE_ADMIN_URL"]
    with psycopg.connect(url, autocommit=True) as server:
        for schema in schemas:
            for statement in (EMPTY, ROWS):
                server.execute(statement.format(sql.Identifier(schema)))


def _actions(subject: Subject) -> str:
    return "ours" if subject.name in VISITORS else subject.name
