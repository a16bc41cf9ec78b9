"""The lint that keeps a migration from breaking the release that still runs."""

import pytest

from dev import migration_safety
from tests.tenancy.schema_migrations import releases

BASELINE = {"accounts": "0001"}
UNIQUE = (
    'migrations.AddConstraint("invitation",'
    ' models.UniqueConstraint(fields=["created_at"], name="toy")),'
)
RUN_PYTHON = "migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop{}),"
LISTED = {"accounts.0900_toy": "Nobody has read it since 2.0."}


@pytest.fixture
def found(tmp_path, settings):
    """What the lint says to a migration of ours."""
    release = releases.Release(tmp_path, settings)
    release.install()

    def lint(operations, listed=None, *, atomic=True):
        release.add("0900_toy", operations, atomic=atomic)
        return list(migration_safety.findings({"baseline": BASELINE, "contracting": listed or {}}))

    yield lint
    release.uninstall()


def field(operation, name, kind):
    return f'migrations.{operation}("invitation", "{name}", models.{kind}),'


@pytest.mark.parametrize(
    "operations",
    [
        field("AddField", "colour", "CharField(max_length=9, null=True)"),
        field("AddField", "colour", "CharField(max_length=9, db_default='red')"),
        releases.ADD_MODEL.format(name="Toy"),
        RUN_PYTHON.format(", hints={'schema': 'both'}"),
    ],
)
def test_what_expands_passes(found, operations):
    assert found(operations) == []


@pytest.mark.parametrize(
    ("operations", "why"),
    [
        (field("AddField", "colour", "CharField(max_length=9, default='red')"), "NOT NULL"),
        (field("AddField", "size", "PositiveIntegerField(null=True)"), "unnamed CHECK"),
        (field("AlterField", "email", "EmailField(max_length=90)"), "ALTERING columns"),
        ('migrations.RemoveField("invitation", "email"),', "DROPPING columns"),
        ('migrations.RenameField("invitation", "email", "mail"),', "RENAMING"),
        ('migrations.DeleteModel("Invitation"),', "DROPPING table"),
        ('migrations.RenameModel("Invitation", "Invite"),', "RENAMING tables"),
        ("migrations.RunPython(migrations.RunPython.noop),", "without a way back"),
        (UNIQUE, "ADDING unique"),
        (
            RUN_PYTHON.format(""),
            "doesn't say where it runs",
        ),
        (
            'migrations.AddField("invitation", "schema_name", SchemaNameField()),',
            "it moves Invitation between public and the tenants' schemas",
        ),
        (
            field("AddField", "colour", "CharField(max_length=9, null=True)")
            + RUN_PYTHON.format(", hints={'schema': 'both'}"),
            "make it two",
        ),
    ],
)
def test_what_the_release_before_would_miss_is_refused_until_it_is_listed(found, operations, why):
    [sentence] = found(operations)

    assert sentence.startswith("accounts.0900_toy: ")
    assert why in sentence
    assert found(operations, listed=LISTED) == []


INDEX = "CREATE INDEX CONCURRENTLY toy ON accounts_invitation (email)"
BY_SQL = f'migrations.RunSQL("{INDEX}", "DROP INDEX CONCURRENTLY toy"),'


@pytest.mark.parametrize("wrapped", ["{}", "migrations.SeparateDatabaseAndState([{}], []),"])
def test_sql_that_fits_no_transaction_is_refused_where_tenants_are_made_in_one(found, wrapped):
    [sentence] = found(wrapped.format(BY_SQL), atomic=False)

    assert "AddIndexConcurrently" in sentence


def test_an_index_that_is_made_beside_others_at_work_passes(found):
    operations = 'AddIndexConcurrently("invitation", models.Index(fields=["email"], name="toy")),'

    assert found(operations, atomic=False) == []


def test_an_exception_that_nothing_needs_is_refused(found):
    operations = field("AddField", "colour", "CharField(max_length=9, null=True)")

    [sentence] = found(operations, listed=LISTED)

    assert sentence.endswith("needs no exception.")
