"""What no client library sends, put on the wire by hand, against a real gunicorn."""

import contextlib
import socket

import pytest

from tests.promises.input import corpus

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("wire")]

pytestmark = pytest.mark.xdist_group("wire")

MEGABYTE = 1024 * 1024
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.fixture(scope="module")
def web(deployed_web):
    return deployed_web()


@pytest.fixture
def say(web):
    """Put bytes on the wire, and return what comes back until the server has said all."""

    def send(*parts: bytes, halt: bool = True) -> bytes:
        # A server that closes on what it hasn't read may take its own answer back with it.
        return next(filter(None, (once(parts, halt=halt) for _ in range(5))), b"")

    def once(parts: tuple[bytes, ...], *, halt: bool) -> bytes:
        with socket.create_connection(("127.0.0.1", web.port), timeout=60) as wire:
            # Refused half-way: what is left to send meets a closed door.
            with contextlib.suppress(OSError):
                for part in parts:
                    wire.sendall(part)
                if halt:
                    wire.shutdown(socket.SHUT_WR)
            return _read(wire)

    return send


def _read(wire: socket.socket) -> bytes:
    heard = b""
    with contextlib.suppress(ConnectionError):
        while part := wire.recv(65_536):
            heard += part
    return heard


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def request(
    line: bytes = b"GET / HTTP/1.1", host: bytes = b"localhost", *, more: bytes = b"", body=b""
) -> bytes:
    return line + b"\r\nHost: " + host + b"\r\nConnection: close\r\n" + more + b"\r\n" + body


def length(size: int) -> bytes:
    return b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n" % size


def chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


# --- Malformed HTTP ---

BROKEN = {
    "nothing": b"\r\n\r\n",
    "noise": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "version 9": b"GET / HTTP/9.9\r\n\r\n",
    "a method of signs": request(b"G@T / HTTP/1.1"),
    "a long address": request(b"GET /" + b"a" * 9_000 + b" HTTP/1.1"),
    "a long header": request(more=b"X: " + b"a" * 20_000 + b"\r\n"),
    "many headers": request(more=b"".join(b"X%d: a\r\n" % n for n in range(500))),
    "a header without a colon": request(more=b"nonsense\r\n"),
    "a header with a NUL": request(more=b"X: a\0b\r\n"),
    "a header on two lines": request(more=b"X: a\r\n b\r\n"),
    "a space before the colon": request(more=b"X : a\r\n"),
    "two hosts": request(more=b"Host: evil.test\r\n"),
    "a length of letters": request(b"POST / HTTP/1.1", more=b"Content-Length: many\r\n"),
    "a length below nothing": request(b"POST / HTTP/1.1", more=b"Content-Length: -1\r\n"),
    "two lengths": request(
        b"POST / HTTP/1.1", more=b"Content-Length: 1\r\nContent-Length: 2\r\n", body=b"ab"
    ),
    "length and chunks": request(
        b"POST / HTTP/1.1", more=b"Content-Length: 3\r\n" + CHUNKED, body=chunks(b"x")
    ),
    "chunks of letters": request(b"POST /find/ HTTP/1.1", more=CHUNKED, body=b"zz\r\nx\r\n"),
    "chunks without end": request(b"POST /find/ HTTP/1.1", more=CHUNKED, body=b"5\r\nab"),
    "chunks below nothing": request(b"POST /find/ HTTP/1.1", more=CHUNKED, body=b"-5\r\nab"),
    "an unknown coding": request(b"POST /find/ HTTP/1.1", more=b"Transfer-Encoding: wobbly\r\n"),
    "a body that is cut off": request(b"POST /find/ HTTP/1.1", more=length(1_000), body=b"--b"),
    "a charset that is none": request(
        b"POST /find/ HTTP/1.1",
        more=b"Content-Type: text/plain; charset*=klingon''x\r\nContent-Length: 1\r\n",
        body=b"x",
    ),
    "a charset with a NUL": request(
        more=b"Content-Type: text/plain; charset*=utf-8''x%00\r\n",
    ),
    "a charset that decodes no text": request(
        b"POST /find/ HTTP/1.1",
        more=b"Content-Type: text/plain; charset=base64\r\nContent-Length: 1\r\n",
        body=b"x",
    ),
    "an address of bytes": request(b"GET /\xff\xfe?\xff=\xfe HTTP/1.1"),
    "an address with a NUL": request(b"GET /terms/%00?q=%00 HTTP/1.1"),
    "a way out": request(b"GET /static/../saas/settings.py HTTP/1.1"),
    "an encoded way out": request(b"GET /static/%2e%2e/%2e%2e/etc/passwd HTTP/1.1"),
    "a way out of backslashes": request(b"GET /static/..%5c..%5csaas%5csettings.py HTTP/1.1"),
    "a way out of slashes": request(b"GET /static//etc/passwd HTTP/1.1"),
    "two requests in one": request(
        b"POST /find/ HTTP/1.1", more=b"Content-Length: 0\r\n", body=b"GET /operator/ HTTP/1.1\r\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_request_is_refused_or_answered_and_never_breaks_a_thing(say, web, what):
    before = web.log_of("web").count("Traceback")

    answer = say(BROKEN[what])

    # 501 is what RFC 9112, section 6.1, asks for where a transfer coding is unknown.
    assert status_of(answer) < 500 or status_of(answer) == 501, answer[:500]
    assert b"Traceback" not in answer
    assert b"SECRET_KEY" not in answer
    assert b"root:" not in answer
    assert web.log_of("web").count("Traceback") == before, web.log_of("web")[-3000:]
    assert status_of(say(request(b"GET /healthz HTTP/1.1"))) == 200


def test_an_unreadable_charset_is_refused_with_a_sentence(say):
    answer = say(BROKEN["a charset that is none"])

    assert status_of(answer) == 415
    assert b"<h1>We can't read that</h1>" in answer


# --- Hosts ---


@pytest.mark.parametrize("host", corpus.HOSTS)
def test_a_host_that_is_none_leads_nowhere(say, host):
    answer = say(request(host=host.encode()))

    assert 200 <= status_of(answer) < 500, answer[:500]
    assert b"Location: http://evil" not in answer
    assert corpus.CANARY.encode() not in answer


def test_nobody_says_for_which_host_a_request_is_but_the_host(say):
    """A forwarded host is ignored, and an address that names a host is no way to another."""
    own = say(request(host=b"acme.localhost"))
    forwarded = say(request(host=b"acme.localhost", more=b"X-Forwarded-Host: globex.localhost\r\n"))
    absolute = say(request(b"GET http://globex.localhost/ HTTP/1.1", b"acme.localhost"))

    for answer in (own, forwarded, absolute):
        assert b"Globex" not in answer
        assert b"globex.localhost" not in answer
    assert status_of(own) == status_of(forwarded) == 302


# --- Bodies ---


def test_a_large_body_is_refused_before_it_is_read(say):
    """The answer comes although nothing was sent but the length."""
    answer = say(request(b"POST /find/ HTTP/1.1", more=length(50 * MEGABYTE)), halt=False)

    assert status_of(answer) == 413
    assert b"<h1>That is too large</h1>" in answer
    assert b"1.0\xc2\xa0MB" in answer


def test_it_is_refused_in_the_visitors_language(say):
    more = length(50 * MEGABYTE) + b"Accept-Language: ko\r\n"

    answer = say(request(b"POST /find/ HTTP/1.1", more=more), halt=False)

    assert '<html lang="ko"' in answer.decode()
    assert "너무" in answer.decode()


@pytest.mark.parametrize("path", [b"/account/picture/", b"/accounts/login/"])
def test_a_stranger_has_nothing_large_to_say(say, path):
    line = b"POST " + path + b" HTTP/1.1"

    answer = say(request(line, b"acme.localhost", more=length(2 * MEGABYTE)), halt=False)

    assert status_of(answer) == 413


def test_a_body_without_a_length_is_counted(say):
    endless = chunks(*[b"x" * 65_536] * 20)
    line = b"POST /find/ HTTP/1.1"

    assert status_of(say(request(line, more=CHUNKED), endless)) == 413


def test_a_body_without_a_length_is_read(say):
    """Django itself takes it for an empty one."""
    more = CHUNKED + b"Content-Type: application/x-www-form-urlencoded\r\nCookie: csrf=%s\r\n"
    token = b"a" * 32
    body = chunks(b"csrfmiddlewaretoken=" + token, b"&email=nobody")

    answer = say(request(b"POST /find/ HTTP/1.1", more=more % token, body=body))

    assert status_of(answer) == 200
    assert b"nobody" in answer


@pytest.mark.parametrize(
    "more",
    [b"Content-Length: 1000\r\n", CHUNKED],
    ids=["length", "chunks"],
)
def test_half_a_body_is_no_form(say, more):
    """Django itself takes what has come for the whole form."""
    token = b"a" * 32
    more += b"Content-Type: application/x-www-form-urlencoded\r\nCookie: csrf=%s\r\n" % token
    form = b"csrfmiddlewaretoken=%s&email=nobody" % token
    half = b"3e8\r\n" + form if CHUNKED in more else form

    answer = say(request(b"POST /find/ HTTP/1.1", more=more, body=half))

    assert status_of(answer) == 400
    assert b"<h1>That request made no sense to us</h1>" in answer
    assert b"nobody" not in answer


def test_the_figures(say, figure):
    figure("Bad input", "malformed requests on the wire", len(BROKEN) + len(corpus.HOSTS))
