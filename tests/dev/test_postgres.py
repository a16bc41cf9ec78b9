"""The cluster: made once, kept, and started again after whatever happened to the last start."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import psycopg
import pytest

from dev import keys, orphans, postgres
from dev.binaries import DEBIAN_15
from dev.errors import StackError
from tests.servers import needs_debian_15

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A cluster that was made and stopped, to be copied, and its keys."""
    place, own_keys = tmp_path_factory.mktemp("made"), keys.fresh()
    postgres.start(_cluster(place, own_keys)).server.stop()
    postgres.save(place, place / "saved")
    return place / "saved", own_keys


@pytest.fixture
def cluster(place, made):
    """A cluster that has been made."""
    saved, own_keys = made
    postgres.restore(saved, place)
    yield _cluster(place, own_keys)
    orphans.end(orphans.servers_in(place / "postgres"), by=signal.SIGINT)


@pytest.fixture
def empty(place, own_keys):
    """A cluster that is still to be made."""
    yield _cluster(place, own_keys)
    orphans.end(orphans.servers_in(place / "postgres"), by=signal.SIGINT)


def _cluster(place, own_keys, **options):
    return postgres.Cluster(
        place, own_keys.administrator_password, own_keys.service_password, **options
    )


@pytest.mark.parametrize("programs", [None, pytest.param(DEBIAN_15, marks=needs_debian_15)])
def test_a_first_start_makes_a_database_that_folds_every_script(empty, programs):
    started = postgres.start(replace(empty, programs=programs))

    with psycopg.connect(started.database_url) as connection:
        row = connection.execute(
            "SELECT current_user, lower('ÉÜ'), current_setting('server_encoding'),"
            " current_setting('max_locks_per_transaction')::int"
        ).fetchone()
    started.server.stop()
    assert row == ("saas", "éü", "UTF8", 1024)


@pytest.mark.parametrize(
    "version",
    [
        "initdb (PostgreSQL) 15.20\n",
        "initdb (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n",
        "initdb (PostgreSQL) 15.20 (Homebrew)\n",
        "initdb (PostgreSQL) 15rc1\n",
    ],
)
def test_a_server_s_version_is_read_whoever_packaged_it(version):
    assert postgres.major_of(version) == 15


def test_the_service_s_role_rules_nothing_but_its_database(cluster):
    started = postgres.start(cluster)

    with psycopg.connect(started.administrator_url) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'saas'"
        ).fetchone()
    started.server.stop()
    assert row == (False, False, False)


def test_a_wrong_password_is_refused(cluster):
    started = postgres.start(cluster)

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(started.database_url.replace(cluster.service_password, "guessed"))
    started.server.stop()


def test_a_warm_start_keeps_the_data(cluster):
    first = postgres.start(cluster)
    with psycopg.connect(first.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first.server.stop()

    second = postgres.start(cluster)

    with psycopg.connect(second.database_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    second.server.stop()


def test_a_stale_pid_file_that_names_a_living_stranger_is_no_hindrance(cluster, place):
    stale = f"{os.getppid()}\n{place}/postgres\n0\n5432\n\n\n"
    (place / "postgres" / "postmaster.pid").write_text(stale)

    started = postgres.start(cluster)

    assert started.server.is_alive()
    started.server.stop()


def test_a_start_that_was_cut_off_during_initdb_is_made_again(empty, place):
    (place / "cluster.new" / "base").mkdir(parents=True)
    (place / "password.new").write_text("of a start that was cut off")

    started = postgres.start(empty)

    assert started.server.is_alive()
    assert not (place / "password.new").exists()
    started.server.stop()


def test_a_port_that_is_taken_in_the_meantime_is_left_to_its_owner(cluster, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1], postgres.free_port()])
        monkeypatch.setattr(postgres, "free_port", lambda: next(ports))

        started = postgres.start(cluster)

        assert str(taken.getsockname()[1]) not in started.database_url
        started.server.stop()


def test_a_server_that_a_killed_run_left_behind_is_ended(cluster, capsys):
    left = postgres.start(cluster)

    started = postgres.start(cluster)

    assert left.server.process.wait(5) == 0
    assert "a killed run left behind" in capsys.readouterr().err
    started.server.stop()


def test_a_server_that_was_killed_itself_recovers(cluster):
    killed = postgres.start(cluster)
    killed.server.process.kill()
    killed.server.process.wait()

    started = postgres.start(cluster)

    assert started.server.is_alive()
    started.server.stop()


def test_somebody_else_s_process_in_the_data_folder_is_left_alone(cluster, place):
    stranger = subprocess.Popen(["sleep", "60"], cwd=place / "postgres")

    postgres.start(cluster).server.stop()

    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_another_cluster_s_password_is_explained(cluster, place):
    with pytest.raises(StackError, match="make reset"):
        postgres.start(postgres.Cluster(place, "another-cluster-s", "as-well"))

    assert orphans.servers_in(place / "postgres") == []


def test_another_user_s_cluster_is_explained(cluster, place, monkeypatch):
    monkeypatch.setattr(postgres.os, "geteuid", lambda: 4242)

    with pytest.raises(StackError, match="made by another user"):
        postgres._check_owner(postgres.Footing(place, place / "postgres"))


def test_a_server_that_cannot_start_shows_the_end_of_its_log(cluster, place):
    (place / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(StackError, match="no_such_setting"):
        postgres.start(cluster)


def test_a_throwaway_cluster_lets_its_role_make_databases(place, own_keys):
    cluster = _cluster(place, own_keys, is_throwaway=True)

    started = postgres.start(cluster)

    with psycopg.connect(started.database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE another")
        assert connection.execute("SHOW fsync").fetchone() == ("off",)
    started.server.stop()


def test_a_throwaway_cluster_that_is_killed_keeps_what_was_committed(cluster):
    cluster = replace(cluster, is_throwaway=True)
    first = postgres.start(cluster)
    with psycopg.connect(first.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        for number in range(20):
            connection.execute("INSERT INTO kept VALUES (%s)", [number])
    first.server.process.send_signal(signal.SIGQUIT)
    first.server.process.wait(60)

    second = postgres.start(cluster)

    with psycopg.connect(second.database_url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (20,)
    second.server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists open sockets in /proc")
def test_it_listens_on_the_loopback_address_alone(cluster):
    started = postgres.start(cluster)
    port = int(started.database_url.rsplit(":", 1)[1].split("/")[0])

    listening = [
        connection.laddr.ip
        for connection in orphans.psutil.net_connections("inet")
        if connection.laddr and connection.laddr.port == port and connection.status == "LISTEN"
    ]
    started.server.stop()
    assert listening == ["127.0.0.1"]
