"""Clients that send or read slowly hold no thread for long, with the proxy and without."""

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image
from urllib3.filepost import encode_multipart_formdata

from tests import caddy
from tests.promises.input.test_wire import CHUNKED, request, status_of
from tests.stacks import Stack, Visitor

pytestmark = pytest.mark.long

EACH = 2
LENGTH = b"Content-Length: 1000\r\n"
# With the cookie, the form's token is looked for, and so its body is read.
FORM = b"Content-Type: application/x-www-form-urlencoded\r\nCookie: csrf=%s\r\n" % (b"a" * 32)
POST = b"POST /find/ HTTP/1.1"
LARGE_FILE = "/static/vendor/tabler/tabler.min.css"
# What is sent at once; those of the second list go on with a byte every other second.
SILENT = {
    "silent body": request(POST, more=FORM + LENGTH, body=b"a=1"),
    "silent chunks": request(POST, more=FORM + CHUNKED, body=b"5\r\nab"),
    "silent header": b"GET / HTTP/1.1\r\nHost: local",
}
DRIBBLING = {
    "dribbled body": request(POST, more=FORM + LENGTH, body=b"a=1"),
    "dribbled header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ",
    "dribbled body that no page reads": (
        b"POST /healthz HTTP/1.1\r\nHost: localhost\r\n" + LENGTH + b"\r\na=1"
    ),
}
READS_NOTHING = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % LARGE_FILE.encode()
CLIENTS = EACH * (len(SILENT) + len(DRIBBLING) + 1)


@pytest.fixture(scope="module")
def web(deployed_web) -> Stack:
    """A web process with one thread for each of the slow clients."""
    return deployed_web(WEB_THREADS=str(CLIENTS))


def sign_in_page(web: Stack) -> int:
    """Ask for a page of a tenant's host, and return the status."""
    return requests.get(
        f"http://127.0.0.1:{web.port}/accounts/login/",
        headers={"Host": "acme.localhost"},
        timeout=60,
    ).status_code


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def connect_to_read_nothing(port: int) -> socket.socket:
    """Connect with small buffers and packets, as over a network: the server's fill up."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    wire.settimeout(60)
    wire.connect(("127.0.0.1", port))
    return wire


@contextlib.contextmanager
def dribbling(wires: list[socket.socket]) -> Iterator[None]:
    is_over = threading.Event()

    def send() -> None:
        while not is_over.wait(2):
            for wire in wires:
                with contextlib.suppress(OSError):
                    wire.sendall(b"x")

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def rest_of(wire: socket.socket) -> bytes:
    """Return what comes until the server ends the connection."""
    heard = b""
    with contextlib.suppress(ConnectionError):
        while part := wire.recv(65_536):
            heard += part
    return heard


def start(port: int, kinds: dict[str, bytes], ends: contextlib.ExitStack) -> dict:
    wires = {(kind, n): ends.enter_context(connect(port)) for kind in kinds for n in range(EACH)}
    for (kind, _), wire in wires.items():
        wire.sendall(kinds[kind])
    return wires


def test_slow_clients_hold_every_thread_for_a_limited_time(web):
    with contextlib.ExitStack() as ends:
        readers = [ends.enter_context(connect_to_read_nothing(web.port)) for _ in range(EACH)]
        for wire in readers:
            wire.sendall(READS_NOTHING)
        silent = start(web.port, SILENT, ends)
        slow = start(web.port, DRIBBLING, ends)
        ends.enter_context(dribbling(list(slow.values())))

        status = sign_in_page(web)
        answers = {who: rest_of(wire) for who, wire in (silent | slow).items()}
        files = [rest_of(wire) for wire in readers]

    assert status == 200
    statuses = {kind: status_of(answer) for (kind, _), answer in answers.items()}
    assert statuses == {
        "silent body": 408,
        "silent chunks": 408,
        "silent header": 0,
        "dribbled body": 408,
        "dribbled header": 0,
        "dribbled body that no page reads": 200,
    }
    whole = requests.get(f"http://127.0.0.1:{web.port}{LARGE_FILE}", timeout=60).content
    assert all(0 < len(file) < len(whole) for file in files)
    assert "Traceback" not in web.log_of("web"), web.log_of("web")[-3000:]


def test_connections_that_send_nothing_hold_no_thread(web):
    """gunicorn's own worker keeps a thread for five seconds for each."""
    with contextlib.ExitStack() as ends:
        for _ in range(20 * CLIENTS):
            ends.enter_context(connect(web.port))

        assert sign_in_page(web) == 200


def test_clients_that_never_close_do_not_stop_the_worker(web):
    """gunicorn's own loop waits for two seconds for each."""
    with contextlib.ExitStack() as ends:
        for _ in range(60):
            wire = ends.enter_context(connect(web.port))
            wire.sendall(request(b"GET /healthz HTTP/1.1"))

        assert sign_in_page(web) == 200


class SlowLine(BytesIO):
    """A body that is sent with 200 kB a second."""

    def __len__(self) -> int:
        return len(self.getbuffer())

    def read(self, size: int | None = -1) -> bytes:
        part = super().read(size)
        time.sleep(len(part) / 200_000)
        return part


def test_a_picture_comes_in_over_a_slow_line(web):
    opened = Visitor(web).sign_up("initech")
    handoff = urlsplit(opened.headers["Location"])
    owner = Visitor(web, "initech")
    owner.get(f"{handoff.path}?{handoff.query}")
    owner.get("/account/")
    noise = BytesIO()
    Image.frombytes("RGB", (810, 810), os.urandom(810 * 810 * 3)).save(noise, "PNG")
    body, kind = encode_multipart_formdata(
        {
            "csrfmiddlewaretoken": owner.cookies["csrf"],
            "picture": ("me.png", noise.getvalue(), "image/png"),
        }
    )

    headers = {"Origin": owner.origin, "Content-Type": kind}
    answer = owner._send("POST", "/account/picture/", data=SlowLine(body), headers=headers)

    assert len(body) > 1_900_000
    assert answer.status_code == 302
    assert "Your picture is saved." in owner.get("/account/").text


# --- Behind the proxy ---


def is_open(wire: ssl.SSLSocket) -> bool:
    """Whether the other side has neither answered nor closed."""
    wire.setblocking(False)
    try:
        wire.recv(1)
    except ssl.SSLWantReadError:
        return True
    return False


@caddy.needs_caddy
def test_forty_unfinished_bodies_change_nothing_behind_the_proxy(deployed_web, tmp_path):
    web = deployed_web(TRUSTED_PROXIES="1")
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    host = b"acme.localhost"
    form = FORM + LENGTH + b"Origin: https://" + host + b"\r\n"

    with contextlib.ExitStack() as ends:
        port = ends.enter_context(caddy.running(tmp_path, web.port))

        def connect_by_tls() -> ssl.SSLSocket:
            wire = ends.enter_context(connect(port))
            return ends.enter_context(trust.wrap_socket(wire, server_hostname=host.decode()))

        held = [connect_by_tls() for _ in range(40)]
        for wire in held:
            wire.sendall(request(b"POST /accounts/login/ HTTP/1.1", host, more=form, body=b"a=1"))
        visitor = connect_by_tls()
        visitor.sendall(request(b"GET /accounts/login/ HTTP/1.1", host))
        answer = rest_of(visitor)
        still_held = [wire for wire in held if is_open(wire)]

    assert status_of(answer) == 200
    assert b"Acme" in answer
    assert len(still_held) == len(held)
