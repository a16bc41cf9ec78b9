"""What gets in the fleet's way: failures, other workers, requests, kills, sign-ups."""

import json
import threading

import pytest
from django.core.management import CommandError

from tenancy import revisions
from tenancy.context import database_role, workspace_context
from tenancy.errors import SchemaLockedError
from tenancy.roles import MIGRATOR
from tenancy.schema_migrations import locks, targets
from tenancy.schema_migrations.executor import migrate_schema
from tenancy.schema_migrations.plan_cache import PlanCache
from tenancy.timeouts import SCHEMA_MIGRATION
from tenants.lifecycle import services
from tenants.models import Tenant
from tests.contexts import public_context
from tests.racing import at_once
from tests.stacks import wait_until
from tests.tenancy.schema_migrations import releases
from tests.tenancy.schema_migrations.releases import ADD_FIELD

RUN = "migrations.RunPython(work, migrations.RunPython.noop),"
# Does what a test has put there, once.
CALLING_BACK = """
from tests.tenancy.schema_migrations import releases

def work(apps, schema_editor):
    while releases.calls:
        releases.calls.pop()()
"""


def put_in_the_way(past, tenant):
    past.execute(f"ALTER TABLE {tenant.schema_name}.accounts_invitation ADD colour int")


def take_away(past, tenant):
    past.execute(f"ALTER TABLE {tenant.schema_name}.accounts_invitation DROP colour")


def target_of(tenant):
    with database_role(MIGRATOR):
        return next(
            each for each in targets.all_targets() if each.schema_name == tenant.schema_name
        )


# --- Failures ---


def test_one_tenants_failure_is_its_own_and_is_told(
    release, acme, globex, migrate, past, revision_of, tmp_path
):
    before = revision_of(globex)
    release.add_field("0900_colour")
    put_in_the_way(past, globex)

    with pytest.raises(CommandError, match="1 schemas failed"):
        migrate(canary=0, report=tmp_path / "report.json")

    report = json.loads((tmp_path / "report.json").read_text())
    assert list(report["migrated"]) == [acme.schema_name]
    [failure] = report["failed"]
    assert (failure["name"], failure["step"]) == ("globex", "accounts.0900_colour")
    assert "already exists" in failure["error"]
    assert revision_of(globex) == before

    take_away(past, globex)
    assert migrate().startswith("Migrated 1 schemas")


def test_nobody_is_touched_after_a_canary_has_failed(
    release, acme, globex, migrate, past, columns_of, settings
):
    """Whether the next one is a canary as well or not."""
    release.add_field("0900_colour")
    put_in_the_way(past, globex)

    for canaries in (["globex"], ["globex", "acme"]):
        settings.CANARY_TENANTS = canaries
        with pytest.raises(CommandError, match=r"no schema after it was migrated\. globex"):
            migrate(canary=len(canaries))
        assert "colour" not in columns_of(acme), canaries


def test_a_canary_that_is_in_use_is_waited_for(
    release, acme, globex, migrate, past, columns_of, settings
):
    settings.CANARY_TENANTS = ["globex", "acme"]
    release.add_field("0900_colour")

    with past.transaction():
        past.execute(f"SELECT count(*) FROM {globex.schema_name}.accounts_invitation")
        with pytest.raises(CommandError, match=r"no schema after it was migrated\. globex"):
            migrate(canary=2, attempts=2, lock_timeout=0.1)

    assert "colour" not in columns_of(acme)


def test_a_marked_tenant_is_a_canary_after_those_that_the_settings_name(
    release, acme, globex, migrate, past, columns_of, settings
):
    services.mark_as_canary(tenant=globex)
    release.add_field("0900_colour")
    put_in_the_way(past, globex)

    with pytest.raises(CommandError, match="canary"):
        migrate(canary=1)

    assert "colour" not in columns_of(acme)
    settings.CANARY_TENANTS = ["acme"]
    with database_role(MIGRATOR):
        assert [schema.name for schema in targets.canaries(1)] == ["acme", "globex"]
        assert targets.canaries(0) == []


def test_a_tenant_that_goes_meanwhile_is_no_failure(release, acme, globex, migrate, past):
    gone = f"DROP SCHEMA {globex.schema_name} CASCADE;"
    gone += f"DELETE FROM tenants_domain WHERE tenant_id = {globex.pk};"
    gone += f"DELETE FROM tenants_tenant WHERE id = {globex.pk}"
    release.add("0900_gone", RUN, before=CALLING_BACK)
    releases.calls.append(lambda: past.execute(gone))

    said = migrate(canary=1)

    assert said.startswith("Migrated 1 schemas")


# --- Other workers ---


def test_two_workers_at_once_do_each_schema_once(
    release, acme, globex, migrate, noted_by, revision_of
):
    names = [release.add_field(f"090{number}_toy{number}") for number in range(5)]

    said = at_once(2, lambda _: migrate(canary=0, parallel=2))

    assert sum(int(each.split()[1]) for each in said) >= 2
    for tenant in (acme, globex):
        assert [noted_by(tenant)[name] for name in names] == [1] * 5
        assert revision_of(tenant) == str(revisions.target())


def test_a_claimed_schema_is_nobody_elses_and_its_tenants_requests_dont_wait(
    release, acme, migrate
):
    release.add_field("0900_colour")
    schema = target_of(acme)

    with database_role(MIGRATOR), workspace_context(schema):
        with locks.locked_beside(schema, SCHEMA_MIGRATION), pytest.raises(SchemaLockedError):
            migrate_schema(schema, PlanCache(), SCHEMA_MIGRATION)
        with locks.locked_beside(schema, SCHEMA_MIGRATION), public_context():
            # Would wait for ever, as the claim doesn't end before it.
            assert Tenant.objects.filter(pk=acme.pk).update(name="Acme & Sons") == 1
        migrate_schema(schema, PlanCache(), SCHEMA_MIGRATION)


# --- Requests ---


def test_a_request_doesnt_wait_for_a_migration_that_waits(
    release, acme, globex, migrate, past, columns_of, make_user
):
    """Somebody reads the table for long; the migration gives up, so others go on reading."""
    from accounts.models import Invitation

    release.add_field("0900_colour")
    outcome = []
    with past.transaction():
        past.execute(f"SELECT count(*) FROM {acme.schema_name}.accounts_invitation")
        worker = threading.Thread(
            target=lambda: outcome.extend(at_once(1, lambda _: migrate(canary=0, attempts=60)))
        )
        worker.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode LIKE 'AccessExclusive%'"
        wait_until(lambda: past.execute(waiting).fetchone()[0], "the migration's wait")
        # Queues up behind the migration, which doesn't get its lock before this test is over.
        with workspace_context(acme):
            assert not Invitation.objects.exists()
        wait_until(lambda: "colour" in columns_of(globex), "the other tenant's migration")
    worker.join(timeout=60)

    assert outcome == [outcome[0]]
    assert outcome[0].startswith("Migrated 2 schemas")
    assert "tried again" in outcome[0]
    assert "colour" in columns_of(acme)


def test_a_change_of_tables_that_takes_too_long_is_taken_back(
    release, acme, migrate, past, columns_of, make_user
):
    """It would hold everybody off the table for as long."""
    make_user(acme)
    slow = "models.CharField(max_length=9, db_default=Slow())"
    release.add("0900_slow", f'migrations.AddField("profile", "colour", {slow}),', before=SLOW)

    with pytest.raises(CommandError):
        migrate(canary=1, statement_timeout=0.2, attempts=1)

    assert "colour" not in columns_of(acme, "accounts_profile")


def test_statements_that_take_too_long_together_are_taken_back(
    release, acme, migrate, columns_of, make_user
):
    """Each of them would have had the time. The first one's lock is held until the last ends."""
    make_user(acme)
    slow = "models.CharField(max_length=9, db_default=Slow())"
    fields = [f'migrations.AddField("profile", "colour{number}", {slow}),' for number in range(4)]
    release.add("0900_slow", "\n".join(fields), before=SLOW.replace("600", "0.4"))

    with pytest.raises(CommandError, match="statement timeout"):
        migrate(canary=1, statement_timeout=1, attempts=1)

    assert not {name for name in columns_of(acme, "accounts_profile") if "colour" in name}


def test_python_takes_its_time_and_what_follows_it_none(
    release, acme, globex, migrate, columns_of, noted_by, make_user
):
    """What takes long is about rows. The limit is back for the change of tables behind it."""
    make_user(acme)
    make_user(globex)
    sleeps = release.add("0900_sleep", RUN, before=SLEEPING)
    slow = "models.CharField(max_length=9, db_default=Slow())"
    release.add("0901_slow", f'migrations.AddField("profile", "colour", {slow}),', before=SLOW)

    with pytest.raises(CommandError, match="2 schemas failed"):
        migrate(canary=0, statement_timeout=0.2, attempts=1, parallel=1)

    for tenant in (acme, globex):
        assert sleeps in noted_by(tenant)
        assert "colour" not in columns_of(tenant, "accounts_profile")


# --- Kills, and sign-ups of the old release ---

SLOW = """
class Slow(models.Func):
    template = "(CASE WHEN pg_sleep(600) IS NULL THEN 'red' ELSE 'blue' END)"
"""
SLEEPING = """
def work(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.3)")
"""
HANGING = """
import os, time
from pathlib import Path

def work(apps, schema_editor):
    place = os.environ.get("HANG_IN")
    schema = schema_editor.connection.schema_name
    apps.get_model("auth", "Group").objects.create(name=schema)
    if place == schema:
        Path(os.environ["HANGS"]).touch()
        time.sleep(600)
"""


def test_after_kill_9_the_next_run_goes_on_where_it_stopped(
    release, acme, globex, migrate, columns_of, noted_by, revision_of
):
    before = revision_of(globex)
    name = release.add("0900_hang", ADD_FIELD.format("colour") + RUN, before=HANGING)
    hangs = release.folder / "hangs"
    process = release.start(HANG_IN=globex.schema_name, HANGS=str(hangs))
    wait_until(hangs.exists, "the step in the middle")
    # Acme's turn may have been before; it makes no difference.
    process.kill()
    process.wait(timeout=60)

    assert revision_of(globex) == before
    assert "colour" not in columns_of(globex)
    assert name not in noted_by(globex)

    migrate()
    for tenant in (acme, globex):
        assert "colour" in columns_of(tenant)
        assert noted_by(tenant)[name] == 1
        assert revision_of(tenant) == str(revisions.target())


def test_who_signed_up_with_the_old_code_meanwhile_is_brought_along(
    release, acme, globex, migrate, past, columns_of, revision_of
):
    """Globex is not there when it begins, and is committed while acme is at its step."""
    past.execute(
        "CREATE TEMP TABLE late AS SELECT * FROM tenants_tenant WHERE id = %s", [globex.pk]
    )
    past.execute("DELETE FROM tenants_domain WHERE tenant_id = %s", [globex.pk])
    past.execute("DELETE FROM tenants_tenant WHERE id = %s", [globex.pk])
    release.add("0900_late", ADD_FIELD.format("colour") + RUN, before=CALLING_BACK)
    releases.calls.append(lambda: past.execute("INSERT INTO tenants_tenant SELECT * FROM late"))

    said = migrate()

    assert said.startswith("Migrated 2 schemas")
    assert "colour" in columns_of(globex)
    assert revision_of(globex) == str(revisions.target())
