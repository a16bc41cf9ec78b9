"""The mail server that fails on demand does fail as it says: the attacks lean on it."""

import json
import smtplib
import socket
import subprocess
import sys

import pytest

from tests.faulty_smtp import FaultySMTP

EMAIL = "Message-ID: <one@test>\r\nSubject: Hello\r\n\r\nHello.\r\n"


@pytest.fixture
def server():
    with FaultySMTP() as running:
        yield running


def send(server, timeout=30):
    with smtplib.SMTP("127.0.0.1", server.port, timeout=timeout) as client:
        client.sendmail("a@test", ["b@test"], EMAIL)


def test_it_takes_emails_and_remembers_them(server):
    send(server)

    (email,) = server.accepted
    assert (email.message_id, email.recipients) == ("<one@test>", ("b@test",))
    assert email.is_acknowledged


@pytest.mark.parametrize(
    ("mode", "failure"),
    [
        ("refuse", ConnectionRefusedError),
        ("timeout", smtplib.SMTPServerDisconnected),
        ("drop_after_data", smtplib.SMTPServerDisconnected),
        ("4xx", smtplib.SMTPRecipientsRefused),
        ("5xx", smtplib.SMTPRecipientsRefused),
        ("5xx_after_data", smtplib.SMTPDataError),
        ("busy", smtplib.SMTPConnectError),
    ],
)
def test_it_fails_as_it_is_told_and_recovers(server, mode, failure):
    server.mode = mode
    with pytest.raises(failure):
        send(server, timeout=0.5 if mode == "timeout" else 30)
    assert [email.is_acknowledged for email in server.accepted] == (
        [False] if mode == "drop_after_data" else []
    )

    server.mode = "ok"
    send(server)

    assert server.accepted[-1].is_acknowledged


def test_it_keeps_its_port_while_nobody_listens(server):
    server.mode = "refuse"

    with pytest.raises(OSError, match="in use"), socket.socket() as other:
        other.bind(("127.0.0.1", server.port))


def test_it_runs_as_a_process():
    command = [sys.executable, "-m", "tests.faulty_smtp"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        port = json.loads(process.stdout.readline())["port"]
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            client.sendmail("a@test", ["b@test"], EMAIL)
        email = json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(60) == 0

    assert email["message_id"] == "<one@test>"
