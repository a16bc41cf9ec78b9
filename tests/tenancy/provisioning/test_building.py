"""A new schema is made in one transaction, also by migrations that run outside of one elsewhere."""

import pytest
from django.core.management import CommandError
from django.db import connection

from tenancy import jobs, schemas
from tenancy.context import database_role, public_context
from tenancy.models import SchemaSnapshot, new_schema_name
from tenancy.provisioning import snapshots
from tenancy.provisioning.building import BuildError, build, migrate as migrate_by_command
from tenancy.provisioning.comparison import differences
from tenancy.roles import MIGRATOR
from tenants.roles import OPERATOR, SIGNUP
from tests.pool import open_one, ready
from tests.tenancy.schema_migrations.releases import ADD_FIELD

ADD_INDEX = 'AddIndexConcurrently("invitation", models.Index(fields=["email"], name="toy")),'
REMOVE_INDEX = 'RemoveIndexConcurrently("user", "user_by_name"),'
ADD_UNCHECKED = (
    'AddConstraintNotValid("invitation",'
    ' models.CheckConstraint(condition=~models.Q(email="x"), name="toy")),'
)
# Each in a migration of its own, outside a transaction, on top of those before it.
FIT_FOR_A_TRANSACTION = (
    ADD_INDEX,
    'RemoveIndexConcurrently("invitation", "toy"),',
    f"migrations.SeparateDatabaseAndState([{ADD_INDEX}], []),",
    ADD_UNCHECKED.replace("toy", "first") + 'ValidateConstraint("invitation", "first"),',
    ADD_UNCHECKED,
    'migrations.RunSQL("CREATE INDEX second ON accounts_invitation (email)"),',
    ADD_FIELD.format("colour"),
)
CONCURRENT_SQL = (
    'migrations.RunSQL("CREATE INDEX CONCURRENTLY toy ON accounts_invitation (email)"),'
)
IN_ITS_OWN = """
from django.db import transaction

def work(apps, schema_editor):
    with transaction.atomic(durable=True):
        pass
"""


@pytest.fixture
def one_wanted(settings, monkeypatch):
    """One spare schema is wanted, and no worker makes it."""
    settings.SCHEMA_POOL_SIZE, settings.RATE_LIMITS = 1, False
    monkeypatch.setattr(jobs, "_notify_worker", lambda: None)


def built():
    """Return a new schema, made by the migrations."""
    with database_role(SIGNUP), public_context():
        name = new_schema_name()
        build(name)
    return name


def created():
    """Return a new schema, made as a sign-up does that finds none ready."""
    name = new_schema_name()
    schemas.create_schema(schema_name=name)
    return name


def scripts():
    with public_context(OPERATOR):
        return list(SchemaSnapshot.objects.values_list("digest", flat=True))


def between(left, right):
    with database_role(MIGRATOR), public_context():
        return differences(left, right, rows=False)


def test_a_release_with_concurrent_indexes_opens_tenants(
    release, acme, globex, migrate, one_wanted, past
):
    release.add("0900_index", ADD_INDEX, atomic=False)
    release.add("0901_no_index", REMOVE_INDEX, atomic=False)

    said = migrate(tenant=False)
    [spare] = ready()
    taken, replayed = open_one("initech"), open_one("hooli")
    with public_context(MIGRATOR):
        SchemaSnapshot.objects.all().delete()
    snapshots.forget()
    migrated = created()

    assert "Migrated 2 schemas" in said
    assert taken.schema_name == spare != replayed.schema_name
    names = [acme.schema_name, globex.schema_name, spare, replayed.schema_name, migrated]
    for name in ["public", *names]:
        found = past.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = %s"
            " AND indexname IN ('toy', 'user_by_name')",
            [name],
        )
        assert found.fetchall() == [("toy",)], name
    assert [between(names[0], each) for each in names[1:]] == [[]] * 4


@pytest.mark.parametrize("release", ["tasks"], indirect=True)
def test_an_index_on_a_shared_table_is_none_of_a_tenant(release, migrate, one_wanted, past):
    index = 'AddIndexConcurrently("message", models.Index(fields=["id"], name="toy")),'
    release.add("0900_index", index, atomic=False)

    migrate(tenant=False)

    made = past.execute("SELECT schemaname FROM pg_indexes WHERE indexname = 'toy'").fetchall()
    assert made == [("public",)]
    assert ready() == [open_one().schema_name]
    assert built()


def test_what_fits_a_transaction_is_replayed_as_it_was_migrated(release):
    for number, operations in enumerate(FIT_FOR_A_TRANSACTION):
        release.add(f"09{number:02}_toy", operations, atomic=False)

    # Compared with what the migrations make before it is kept.
    assert snapshots.prepare() in scripts()


def test_rows_that_one_migration_writes_are_checked_before_the_next(release, migrate):
    """PostgreSQL changes no table whose rows wait for the end of the transaction to be checked."""
    release.add_rows_to_be_checked()

    migrate(shared=True, tenant=False)

    assert snapshots.prepare() in scripts()


def test_a_release_that_could_open_no_tenant_is_not_deployed(
    release, acme, migrate, past, one_wanted, caplog
):
    name = release.add("0900_toy", CONCURRENT_SQL, atomic=False)

    with pytest.raises(CommandError, match=name):
        migrate(tenant=False)

    snapshots.forget()
    assert [snapshots.prepare(), snapshots.prepare()] == [None, None]
    assert caplog.text.count("No schema can be made") == 1
    with pytest.raises(BuildError, match=f"{name} .* transaction"):
        created()
    late = past.execute(
        f"SELECT FROM {acme.schema_name}.django_migrations WHERE app || '.' || name = %s", [name]
    )
    assert late.fetchall() == []


@pytest.mark.parametrize(
    ("operations", "atomic"),
    [
        (CONCURRENT_SQL, False),
        ("migrations.RunPython(work),", False),
        # In tenants that are there already it would fail.
        (ADD_INDEX, True),
    ],
    ids=["SQL", "Python", "an index in a transaction"],
)
def test_what_fits_no_transaction_is_refused_by_name(release, operations, atomic):
    name = release.add("0900_toy", operations, before=IN_ITS_OWN, atomic=atomic)

    with pytest.raises(BuildError, match=name):
        built()


def test_a_schema_is_built_as_the_command_migrates_it(committed):
    with database_role(SIGNUP), public_context():
        commanded = new_schema_name()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {commanded}")
        migrate_by_command(commanded)

    with database_role(SIGNUP), public_context():
        assert differences(built(), commanded) == []
