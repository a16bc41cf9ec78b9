"""The shared tables: migrated once, however many hosts begin."""

import subprocess

import pytest

from tests.stacks import wait_until
from tests.tenancy.schema_migrations.releases import ADD_FIELD
from tests.tenancy.schema_migrations.test_releases import RUN, STANDING, standing


def start(release, **environment):
    return release.start(
        "--shared", stderr=subprocess.PIPE, text=True, SCHEMA_POOL_SIZE="0", **environment
    )


@pytest.mark.long
@pytest.mark.parametrize("is_killed", [False, True])
def test_a_second_host_waits_for_the_first_one_or_its_end(release, past, is_killed):
    name = release.add("0900_stand", ADD_FIELD.format("colour") + RUN, before=STANDING)
    marks = standing(release)
    first = start(release, STAND_IN="public", **marks)
    wait_until((release.folder / "stands").exists, "the first one's halt in public")
    second = start(release, **marks)

    said = second.stderr.readline()
    if is_killed:
        first.kill()
    (release.folder / "go").touch()
    first.communicate(timeout=120)
    second.communicate(timeout=120)

    assert (first.returncode, second.returncode) == (-9 if is_killed else 0, 0)
    assert "Another process is migrating the shared tables" in said
    noted = past.execute(
        "SELECT count(*) FROM public.django_migrations WHERE app || '.' || name = %s", [name]
    )
    assert noted.fetchone() == (1,)


@pytest.mark.long
def test_two_hosts_begin_with_an_empty_database_at_once(release, emptied):
    both = [start(release) for _ in range(2)]

    said = [each.communicate(timeout=240)[1] for each in both]

    assert [each.returncode for each in both] == [0, 0], said
    noted = emptied.execute(
        "SELECT count(*), count(DISTINCT (app, name)) FROM public.django_migrations"
    )
    assert len(set(noted.fetchone())) == 1
