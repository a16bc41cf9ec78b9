"""PostgreSQL for root: in a user namespace where that is allowed, else as nobody."""

import os
import pwd

import psutil
import psycopg
import pytest

from dev import postgres, unprivileged
from dev.errors import StackError

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs to be somebody else")


@pytest.fixture
def cluster(place, own_keys):
    yield postgres.Cluster(
        place, own_keys.administrator_password, own_keys.service_password, is_throwaway=True
    )
    postgres.erase(place)


def test_a_namespace_leaves_the_owner_as_it_was(cluster, place):
    if not unprivileged.namespace_works(postgres.postgres_programs(), place):
        pytest.skip("user namespaces are not allowed here")

    started = postgres.start(cluster)

    owner = (place / "postgres").stat().st_uid
    started.server.stop()
    assert owner == 0


def test_without_a_namespace_it_runs_as_nobody_and_says_so(cluster, place, monkeypatch, capsys):
    monkeypatch.setattr(unprivileged, "namespace_works", lambda *_: False)

    started = postgres.start(cluster)

    user = psutil.Process(started.server.process.pid).username()
    with psycopg.connect(started.database_url) as connection:
        answer = connection.execute("SELECT 1").fetchone()
    started.server.stop()
    outside = unprivileged.outside_folder(place / "postgres")
    assert (user, answer) == ("nobody", (1,))
    assert f"runs as `nobody`, with its programs and data in {outside}" in capsys.readouterr().err


def test_what_a_killed_run_left_as_nobody_is_ended_too(cluster, monkeypatch):
    monkeypatch.setattr(unprivileged, "namespace_works", lambda *_: False)
    left = postgres.start(cluster)

    started = postgres.start(cluster)

    assert left.server.process.wait(5) == 0
    started.server.stop()


def test_erasing_removes_what_went_outside(cluster, place, monkeypatch):
    monkeypatch.setattr(unprivileged, "namespace_works", lambda *_: False)
    postgres.start(cluster).server.stop()

    postgres.erase(place)

    assert not unprivileged.outside_folder(place / "postgres").exists()


def test_a_folder_that_another_user_prepared_is_refused(tmp_path):
    planted = tmp_path / "planted"
    planted.mkdir()
    os.chown(planted, pwd.getpwnam("nobody").pw_uid, -1)

    with pytest.raises(StackError, match="belongs to another user"):
        unprivileged._own_folder(planted)


def test_programs_that_nobody_can_reach_are_copied_with_their_libraries(cluster, monkeypatch):
    monkeypatch.setattr(unprivileged, "namespace_works", lambda *_: False)
    monkeypatch.setattr(unprivileged, "_can_run", lambda *_: False)

    started = postgres.start(cluster)

    program = psutil.Process(started.server.process.pid).exe()
    started.server.stop()
    assert program.startswith(str(unprivileged.SHARED_TEMP))
