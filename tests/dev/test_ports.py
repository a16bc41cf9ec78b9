"""The web port: the one that is asked for, or the next free one."""

import socket

import pytest

from dev import ports
from dev.errors import StackError


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_that_is_asked_for_is_taken():
    port = ports.free_port()

    assert ports.web_port({"PORT": str(port)}) == port


def test_a_port_that_is_asked_for_but_in_use_is_refused_by_name(taken):
    with pytest.raises(StackError, match=f"Port {taken}, chosen with PORT, is in use"):
        ports.web_port({"PORT": str(taken)})


@pytest.mark.parametrize("nonsense", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(nonsense):
    with pytest.raises(StackError, match="no port number"):
        ports.web_port({"PORT": nonsense})


def test_a_default_port_in_use_gives_way_to_the_next_free_one(monkeypatch, capsys):
    monkeypatch.setattr(ports, "is_free", lambda port: port >= 8002)

    assert ports.web_port({}) == 8002
    assert capsys.readouterr().err == "· Port 8000 is in use, so the web server takes 8002.\n"


def test_no_free_port_at_all_is_explained(monkeypatch):
    monkeypatch.setattr(ports, "is_free", lambda _port: False)

    with pytest.raises(StackError, match="all in use"):
        ports.web_port({})


def test_a_bookmarked_port_is_kept_while_it_is_free(taken):
    free = ports.free_port()

    assert ports.preferred_port(free) == free
    assert ports.preferred_port(taken) != taken


def test_a_listener_on_the_other_loopback_address_counts():
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")

    with server:
        assert not ports.is_free(server.getsockname()[1])
