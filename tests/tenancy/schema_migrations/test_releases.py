"""Two releases at work: the one before serves and opens tenants while the next one migrates."""

import pytest
from django.utils import timezone

from accounts.models import Invitation, Role, User
from tenancy import jobs, schema_pool
from tenancy.context import workspace_context
from tenancy.provisioning import fingerprint, snapshots
from tests.pool import open_one, ready
from tests.stacks import wait_until
from tests.tenancy.schema_migrations.releases import ADD_FIELD

RUN = "migrations.RunPython(work, migrations.RunPython.noop),"
# Stands still in one schema until it may go on, and leaves a mark in each.
STANDING = """
import os, time
from pathlib import Path

def work(apps, schema_editor):
    schema = schema_editor.connection.schema_name
    apps.get_model("auth", "Group").objects.create(name=schema)
    if os.environ.get("STAND_IN") == schema:
        Path(os.environ["STANDS"]).touch()
        while not Path(os.environ["GO"]).exists():
            time.sleep(0.05)
"""


@pytest.fixture
def one_wanted(settings, monkeypatch):
    """One spare schema is wanted, and no worker makes it."""
    settings.SCHEMA_POOL_SIZE, settings.RATE_LIMITS = 1, False
    monkeypatch.setattr(jobs, "_notify_worker", lambda: None)


def standing(release):
    return {"STANDS": str(release.folder / "stands"), "GO": str(release.folder / "go")}


def wait_for(process):
    """Return what a process said, once it has ended well."""
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return out


def test_the_release_before_serves_both_sides_and_opens_tenants_meanwhile(
    next_release, acme, globex, client, columns_of, noted_by, revision_of
):
    before = revision_of(acme)
    next_release.add("0900_stand", RUN, before=STANDING)
    name = next_release.add_field("0901_colour")
    marks = standing(next_release)
    process = next_release.start(
        "--parallel=1", CANARY_TENANTS="acme", STAND_IN=globex.schema_name, **marks
    )
    wait_until((next_release.folder / "stands").exists, "the migration's halt in globex")
    assert "colour" in columns_of(acme)
    assert "colour" not in columns_of(globex)

    for tenant in (acme, globex):
        assert works(client, tenant)
    late = open_one("initech")
    assert "colour" not in columns_of(late)
    assert revision_of(late) == before
    (next_release.folder / "go").touch()
    wait_for(process)

    for tenant in (acme, globex, late):
        assert "colour" in columns_of(tenant)
        assert noted_by(tenant)[name] == 1
        assert revision_of(tenant) == revision_of(acme) != before
        assert works(client, tenant)


def works(client, tenant):
    """Use a tenant as its people do: read a page, write rows and read them."""
    with workspace_context(tenant):
        email = f"guest-{User.objects.count()}@{tenant.slug}.test"
        User.objects.create_user(email, None, full_name="Guest", email_verified=True)
        Invitation.objects.create(
            email=email, role=Role.MEMBER, token_hash=email, expires_at=timezone.now()
        )
        assert Invitation.objects.get(email=email).role == Role.MEMBER
    answer = client.get("/accounts/login/", headers={"host": tenant.host})
    return answer.status_code == 200


def test_another_process_takes_over_what_a_killed_one_had_claimed(
    release, acme, globex, columns_of, noted_by, revision_of, past
):
    name = release.add("0900_stand", ADD_FIELD.format("colour") + RUN, before=STANDING)
    marks = standing(release)
    first = release.start("--canary=0", STAND_IN=globex.schema_name, **marks)
    wait_until((release.folder / "stands").exists, "the first one's halt in globex")
    second = release.start("--canary=0", **marks)
    working = (
        "SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    )
    alone = past.execute(working).fetchone()[0]
    wait_until(lambda: past.execute(working).fetchone()[0] > alone, "the second one's work")
    assert second.poll() is None

    first.kill()
    first.wait(timeout=60)
    assert second.wait(timeout=120) == 0

    for tenant in (acme, globex):
        assert noted_by(tenant)[name] == 1
        assert "colour" in columns_of(tenant)
        marked = past.execute(f"SELECT name FROM {tenant.schema_name}.auth_group").fetchall()
        assert marked == [(tenant.schema_name,)]
    assert revision_of(acme) == revision_of(globex)


# --- Schemas that stand ready ---


def test_each_release_takes_its_own_and_replays_its_own(
    release, migrate, one_wanted, columns_of, revision_of, monkeypatch
):
    """The next one's stand ready when its migration ends; nobody takes or drops the other's."""
    files_before = fingerprint._of_files()
    snapshots.deploy()
    schema_pool.fill()
    [old] = ready()
    release.add_field("0900_colour")

    migrate(tenant=True)
    assert ready() == [old]
    said = migrate(tenant=False)

    assert said.endswith("Made 1 schemas for the next sign-ups.\n")
    [new] = set(ready()) - {old}
    with monkeypatch.context() as still:
        still.setattr(fingerprint, "_of_files", lambda: files_before)
        assert jobs.fill_pool() == 0
        assert open_one("initech").schema_name == old
        replayed = open_one("hooli")
        assert "colour" not in columns_of(replayed)
        assert ready() == [new]
    taken, replayed = open_one("globodyne"), open_one("umbrella")
    assert taken.schema_name == new
    for tenant in (taken, replayed):
        assert "colour" in columns_of(tenant)
    assert ready() == []
