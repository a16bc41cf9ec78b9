"""Compares two schemas in every detail of the catalogue, and in their rows."""

from collections import Counter
from collections.abc import Iterator

from tenancy.postgresql import statements
from tenancy.provisioning.catalogue import alone_in, query_rows, quote
from tenancy.provisioning.rendering import APPLIED

Facts = dict[tuple[str, str], str]
Rows = dict[str, Counter[str]]


def differences(left: str, right: str, *, rows: bool = True) -> list[str]:
    """Return a sentence for each difference between two schemas; none when they are the same.

    `rows` also compares the tables' rows and the sequences' next values: for new schemas, not for
    those in use. The times at which migrations ran aren't compared.
    """
    found = list(_of_facts(left, right, _facts(left, rows=rows), _facts(right, rows=rows)))
    if rows:
        found += _of_rows(left, right, _rows(left), _rows(right))
    return found


def _facts(schema_name: str, *, rows: bool) -> Facts:
    questions = ("facts", "positions") if rows else ("facts",)
    with alone_in(schema_name):
        facts = [row for each in questions for row in query_rows(each, schema_name)]
    return {
        (kind, _bare(name, schema_name)): _bare(text, schema_name) for kind, name, text in facts
    }


def _bare(text: str | None, schema_name: str) -> str:
    """Remove the schema where PostgreSQL writes it with any search path."""
    return (text or "").replace(f"{schema_name}.", "")


def _rows(schema_name: str) -> Rows:
    found: Rows = {}
    with alone_in(schema_name):
        for (table,) in query_rows("tables", schema_name):
            left_out = f" - '{APPLIED[1]}'" if table == APPLIED[0] else ""
            query = f"SELECT (to_jsonb(t){left_out})::text FROM {quote(table)} AS t"  # noqa: S608  # nosec B608  # A name of the catalogue, quoted.
            found[table] = Counter(text for (text,) in statements.rows(query))
    return found


def _of_facts(left: str, right: str, first: Facts, second: Facts) -> Iterator[str]:
    for key in sorted(first.keys() | second.keys()):
        what = " ".join(filter(None, key))
        if key not in second:
            yield f"Only {left} has the {what}: {first[key]}"
        elif key not in first:
            yield f"Only {right} has the {what}: {second[key]}"
        elif first[key] != second[key]:
            yield f"The {what} differs: in {left} {first[key]!r}, in {right} {second[key]!r}"


def _of_rows(left: str, right: str, first: Rows, second: Rows) -> Iterator[str]:
    """Compare the tables that both have: a missing one is reported by `_of_facts`."""
    for table in sorted(first.keys() & second.keys()):
        for row in sorted(first[table] - second[table]):
            yield f"Only {left} has this row in {table}: {row}"
        for row in sorted(second[table] - first[table]):
            yield f"Only {right} has this row in {table}: {row}"
