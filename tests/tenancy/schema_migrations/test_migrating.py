"""The fleet migrates: each schema whole, each once, and its row says so."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError
from django.db.migrations import AddField, AlterModelManagers, RunPython
from django.db.migrations.migration import Migration
from django.db.models import CharField
from django.utils import timezone

from accounts.models import User
from tenancy import revisions
from tenancy.context import database_role, public_context, workspace_context
from tenancy.roles import MIGRATOR, TENANT
from tenancy.router import PlacementRouter
from tenancy.schema_migrations import rendering
from tenants.models import Tenant
from tenants.roles import OPERATOR, SIGNUP
from tenants.signup.services import Owner, open_tenant
from tests.contexts import public_context as operators_context
from tests.tenancy.schema_migrations.releases import ADD_FIELD, ADD_MODEL

NOTE_SCHEMA = """
def work(apps, schema_editor):
    schema = schema_editor.connection.schema_name
    apps.get_model("auth", "Group").objects.create(name=schema)
"""
SLEEPING = """
import time

def work(apps, schema_editor):
    apps.get_model("auth", "Group").objects.create(name="never")
    time.sleep(0.2)
"""
RUN = "migrations.RunPython(work, migrations.RunPython.noop),"


def groups_of(tenant):
    from django.contrib.auth.models import Group

    with workspace_context(tenant):
        return list(Group.objects.values_list("name", flat=True))


# --- What is done to a schema ---


def test_a_field_is_added_in_every_schema_and_the_rows_say_so(
    release, acme, globex, migrate, columns_of, noted_by, revision_of
):
    name = release.add_field("0900_colour")

    said = migrate()

    assert said.startswith("Migrated 2 schemas")
    for tenant in (acme, globex):
        assert "colour" in columns_of(tenant)
        assert noted_by(tenant)[name] == 1
        assert revision_of(tenant) == str(revisions.target())


def test_with_nothing_to_do_nobody_is_touched(release, acme, migrate):
    assert migrate().startswith("Migrated 0 schemas")


def test_a_new_model_comes_with_all_that_djangos_own_command_adds(
    release, acme, globex, migrate, past, noted_by
):
    release.add("0900_toy", ADD_MODEL.format(name="Toy"))

    migrate(schema_name=globex.schema_name)
    said = migrate()

    assert said.startswith("Migrated 1 schemas")
    assert noted_by(acme) == noted_by(globex)
    for question in (
        "SELECT codename, name, content_type_id FROM {}.auth_permission ORDER BY 1, 3",
        "SELECT relacl::text FROM pg_class WHERE oid = '{}.accounts_toy'::regclass",
    ):
        ours, theirs = (
            past.execute(question.format(tenant.schema_name)).fetchall()
            for tenant in (acme, globex)
        )
        assert ours == theirs
    assert "add_toy" in str(past.execute(f"TABLE {acme.schema_name}.auth_permission").fetchall())


def test_python_runs_in_each_schema_with_the_models_of_its_time(release, acme, globex, migrate):
    release.add("0900_note", RUN, before=NOTE_SCHEMA)

    migrate()

    assert groups_of(acme) == [acme.schema_name]
    assert groups_of(globex) == [globex.schema_name]


@pytest.mark.parametrize("way", ["fleet", "one by one"])
def test_an_index_is_built_outside_a_transaction(
    release, acme, globex, migrate, past, revision_of, way
):
    index = 'AddIndexConcurrently("invitation", models.Index(fields=["email"], name="toy")),'
    release.add("0900_index", index, atomic=False)
    release.add("0901_no_index", 'RemoveIndexConcurrently("user", "user_by_name"),', atomic=False)
    sql = "CREATE INDEX CONCURRENTLY sql ON accounts_invitation (email)"
    release.add("0902_sql", f'migrations.RunSQL("{sql}"),', atomic=False)

    for tenant in (acme, globex):
        migrate(**({} if way == "fleet" else {"schema_name": tenant.schema_name}))

    for tenant in (acme, globex):
        built = past.execute(
            "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
            " WHERE relnamespace = %s::regnamespace AND indisvalid"
            " AND relname IN ('toy', 'sql', 'user_by_name') ORDER BY 1",
            [tenant.schema_name],
        )
        assert built.fetchall() == [("sql",), ("toy",)]
        assert revision_of(tenant) == str(revisions.target())


@pytest.mark.parametrize("way", ["fleet", "one by one"])
@pytest.mark.parametrize(("schema", "count"), [("public", 0), ("tenants", 2), ("both", 2)])
def test_a_migrations_own_code_runs_where_its_hint_says(
    release, acme, migrate, past, way, schema, count
):
    hints = f"hints={{'schema': '{schema}'}}"
    sql = "COMMENT ON TABLE accounts_invitation IS 'seen'"
    python = "COMMENT ON COLUMN accounts_invitation.email IS 'seen'"
    release.add("0900_sql", f'migrations.RunSQL("{sql}", {hints}),')
    work = f"def work(apps, schema_editor):\n    schema_editor.execute({python!r})"
    release.add("0901_python", f"migrations.RunPython(work, {hints}),", before=work)

    migrate(**({} if way == "fleet" else {"schema_name": acme.schema_name}))

    found = past.execute(
        "SELECT FROM pg_description"
        " WHERE classoid = 'pg_class'::regclass AND objoid = %s::regclass",
        [f"{acme.schema_name}.accounts_invitation"],
    )
    assert len(found.fetchall()) == count
    with public_context():
        router, hint = PlacementRouter(), {"schema": schema}
        assert router.allow_migrate("default", "accounts", **hint) is (
            False if schema == "tenants" else None
        )


def test_what_asks_the_database_asks_each(release, acme, globex, migrate, past):
    unique = ADD_FIELD.format("colour").replace("null=True", "null=True, unique=True")
    release.add("0900_colour", unique)
    release.add("0901_plain", ADD_FIELD.format("colour").replace("AddField", "AlterField"))
    # Whatever its name is in this one.
    migrate("accounts", "0900", schema_name=acme.schema_name)
    past.execute(
        f"ALTER TABLE {acme.schema_name}.accounts_invitation"
        " RENAME CONSTRAINT accounts_invitation_colour_key TO another"
    )

    migrate()

    left = "SELECT count(*) FROM pg_constraint WHERE conname IN ('another', %s)"
    assert past.execute(left, ["accounts_invitation_colour_key"]).fetchone() == (0,)


@pytest.mark.parametrize(
    ("operation", "is_plain"),
    [
        (AddField("invitation", "colour", CharField(max_length=9, default="red")), True),
        (AddField("invitation", "colour", CharField(max_length=9, default=str)), True),
        (AddField("invitation", "colour", CharField(default=lambda: "once for all")), False),
        (AddField("invitation", "at", CharField(default=timezone.now)), False),
        (AlterModelManagers("invitation", []), True),
        (RunPython(RunPython.noop), False),
        (type("Odd", (AddField,), {})("invitation", "colour", CharField(max_length=9)), False),
    ],
)
def test_what_may_differ_between_schemas_is_not_made_once_for_all(operation, is_plain):
    migration = Migration("0900_toy", "accounts")
    migration.operations = [operation]

    assert rendering.is_plain(migration) == is_plain


# --- What the row says ---


def test_a_step_that_fails_leaves_what_the_steps_before_it_did(
    release, acme, migrate, columns_of, revision_of, past
):
    first = release.add_field("0900_colour")
    release.add_field("0901_taste")
    past.execute(f"ALTER TABLE {acme.schema_name}.accounts_invitation ADD taste int")

    with pytest.raises(CommandError):
        migrate(canary=0)

    reached = revisions.own_migrations() - {"accounts.0901_taste"}
    assert first in reached
    assert "colour" in columns_of(acme)
    assert revision_of(acme) == str(revisions.of(reached))


def test_an_empty_row_is_filled_without_doing_anything_twice(
    release, acme, migrate, revision_of, past, noted_by
):
    past.execute("UPDATE tenants_tenant SET revision = ''")
    before = noted_by(acme)

    assert migrate().startswith("Migrated 2 schemas")
    assert noted_by(acme) == before
    assert revision_of(acme) == str(revisions.target())


def test_djangos_own_way_is_noted_as_well_there_and_back(
    release, acme, globex, migrate, columns_of, revision_of
):
    before = revision_of(acme)
    release.add_field("0900_colour")

    migrate(schema_name=acme.schema_name)
    assert revision_of(acme) == str(revisions.target())
    assert revision_of(globex) == before

    migrate("accounts", "0001", schema_name=acme.schema_name, fake=True)
    migrate("accounts", schema_name=acme.schema_name, fake=True)
    assert revision_of(acme) == str(revisions.target())

    forward = revisions.own_migrations() - {"accounts.0900_colour"}
    migrate("accounts", max(forward & _of("accounts")).partition(".")[2], tenant=True)
    assert "colour" not in columns_of(acme)
    assert revision_of(acme) == revision_of(globex) == str(revisions.of(forward))


def _of(app):
    return {name for name in revisions.own_migrations() if name.startswith(f"{app}.0")}


def test_who_opens_an_organisation_with_the_new_code_is_there_from_the_start(release, migrate):
    release.add_field("0900_colour")
    owner = Owner("Peter", "peter@initech.test", "correct horse battery staple")

    tenant, _user = open_tenant(organization="Initech", subdomain="initech", owner=owner)

    assert tenant.revision == str(revisions.target())
    assert migrate().startswith("Migrated 2 schemas")


def test_changed_privileges_reach_those_who_had_all_migrations(
    release, acme, globex, migrate, make_user, past
):
    make_user(globex)
    past.execute(f"REVOKE SELECT ON {globex.schema_name}.accounts_user FROM {_tenant_role()}")
    past.execute("UPDATE tenants_tenant SET revision = split_part(revision, '-', 1) || '-before'")

    assert migrate().startswith("Migrated 2 schemas")
    with workspace_context(globex):
        assert User.objects.count() == 1


def _tenant_role():
    from tenancy.privileges import named

    return named(TENANT)


@pytest.mark.parametrize("role", [OPERATOR, SIGNUP, TENANT])
def test_nobody_else_changes_what_a_row_says(acme, role):
    context = workspace_context(acme) if role == TENANT else public_context(role)

    with context, pytest.raises(ProgrammingError, match="permission denied"):
        Tenant.objects.filter(pk=acme.pk).update(revision="lie")


# --- Looking ---


def test_the_audit_finds_a_row_that_lies(release, acme, globex, migrate, past):
    assert "schemas match" in migrate(audit=True)
    release.add_field("0900_colour")
    past.execute(
        "UPDATE tenants_tenant SET revision = %s WHERE id = %s",
        [str(revisions.target()), globex.pk],
    )

    with pytest.raises(CommandError, match="1 tenants' `revision` does not match"):
        migrate(audit=True)


def test_the_plan_says_what_would_run_where_and_does_nothing(
    release, acme, migrate, columns_of, revision_of
):
    before = revision_of(acme)
    release.add_field("0900_colour")
    release.add("0901_note", RUN, before=NOTE_SCHEMA)

    said = migrate(plan=True)

    assert "Of 2 schemas 2 are behind." in said
    assert "accounts.0900_colour: 1 statements, the same for all" in said
    assert "accounts.0901_note: runs Python in each" in said
    assert "colour" not in columns_of(acme)
    assert revision_of(acme) == before


def test_a_dry_run_measures_and_takes_everything_back(
    release, acme, globex, migrate, columns_of, noted_by, revision_of
):
    before, noted = revision_of(acme), noted_by(acme)
    release.add("0900_toy", ADD_MODEL.format(name="Toy"))
    release.add("0901_sleep", RUN, before=SLEEPING)

    said = migrate(dry_run=True)

    [seconds] = re.findall(r"([\d.]+) s each, as measured with acme, globex", said)
    assert float(seconds) >= 0.2
    assert not columns_of(acme, "accounts_toy")
    assert (revision_of(acme), noted_by(acme)) == (before, noted)
    assert groups_of(acme) == []
    assert "by rule of thumb, besides its Python" in migrate(plan=True)


def test_a_dry_run_checks_rows_between_its_steps(release, globex, migrate):
    """Each step is a transaction of its own when it is taken."""
    release.add_rows_to_be_checked()

    assert "as measured with acme, globex" in migrate(dry_run=True)


def test_a_dry_run_says_what_would_fail(release, acme, migrate, past):
    release.add_field("0900_colour")
    past.execute(f"ALTER TABLE {acme.schema_name}.accounts_invitation ADD colour int")

    assert "the dry run failed: ProgrammingError" in migrate(dry_run=True)


def test_a_dry_run_leaves_alone_what_cannot_be_taken_back(release, acme, migrate, past):
    index = 'AddIndexConcurrently("invitation", models.Index(fields=["email"], name="toy")),'
    release.add("0900_index", index, atomic=False)

    assert "can't be measured" in migrate(dry_run=True)
    assert past.execute("SELECT FROM pg_indexes WHERE indexname = 'toy'").fetchall() == []


def test_check_tells_by_its_exit_code(release, migrate):
    migrate(check_unapplied=True, tenant=False)
    release.add_field("0900_colour")

    with pytest.raises(SystemExit):
        migrate(check_unapplied=True)


def test_public_is_left_alone_until_something_changes(release, past):
    def locks():
        return past.execute("SELECT obj_description('public'::regnamespace)").fetchone()[0]

    with database_role(MIGRATOR), operators_context():
        call_command("migrate_schemas", shared=True, verbosity=0)
        said = locks()
        # Whoever would migrate would wait for this one, and fail.
        with past.transaction():
            past.execute("LOCK TABLE public.tenants_tenant IN SHARE MODE")
            call_command("migrate_schemas", shared=True, verbosity=0)
        past.execute("COMMENT ON SCHEMA public IS 'privileges of before'")
        call_command("migrate_schemas", shared=True, verbosity=0)

    assert locks() == said


def test_whatever_listens_to_migrations_is_done_by_a_replay_as_well():
    """Another receiver would be left out: `tenancy.schema_migrations` has to do its work."""
    from django.db.models.signals import post_migrate, pre_migrate

    listening = [entry[1] for signal in (pre_migrate, post_migrate) for entry in signal.receivers]
    heard = {f"{each().__module__}.{each().__name__}" for each in listening if each()}

    assert heard == {
        "django.contrib.auth.management.create_permissions",
        "django.contrib.contenttypes.management.create_contenttypes",
        "django.contrib.contenttypes.management.inject_rename_contenttypes_operations",
        "tenancy.receivers.grant_privileges",
    }
