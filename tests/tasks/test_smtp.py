"""One connection for many e-mails, counted by the server."""

import smtplib

import pytest
from django.core.mail import EmailMessage

from tasks import mailserver, smtp, worker_loop
from tasks.models import Message
from tasks.roles import RELAY
from tasks.smtp import SmtpConnection
from tenancy.context import public_context
from tests.contexts import public_context as operators_context


def email(number):
    return EmailMessage(f"E-mail {number}", "Hello.", "us@x.test", [f"reader{number}@x.test"])


def test_a_runs_emails_share_one_connection(server, acme, globex, make_user):
    for number in range(6):
        make_user(acme, f"a{number}@x.test")
        make_user(globex, f"g{number}@x.test")

    with public_context(RELAY):
        assert worker_loop.drain(call=lambda: None) == 12

    assert (len(server.accepted), server.connections) == (12, 1)
    with operators_context():
        assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_a_connection_is_closed_at_the_end_of_the_block(server):
    with SmtpConnection() as connection:
        connection.send(email(1))
        assert len(server.open) == 1

    assert connection._backend is None
    assert server.connections == 1


def test_a_connection_is_replaced_after_its_limit_of_emails(server, monkeypatch):
    monkeypatch.setattr(smtp, "MAX_EMAILS_PER_CONNECTION", 2)

    with SmtpConnection() as connection:
        for number in range(5):
            connection.send(email(number))

    assert (len(server.accepted), server.connections) == (5, 3)


def test_a_closed_connection_is_replaced_before_the_next_email(server):
    with SmtpConnection() as connection:
        connection.send(email(1))
        server.mode = "ok"  # It closes all connections.
        connection.send(email(2))

    assert (len(server.accepted), server.connections) == (2, 2)


@pytest.mark.parametrize(("seconds", "expected"), [(60, 0), (0, 2)])
def test_a_noop_is_sent_only_after_a_silence(server, monkeypatch, seconds, expected):
    noops = []
    noop = smtplib.SMTP.noop
    monkeypatch.setattr(smtplib.SMTP, "noop", lambda smtp: noops.append(smtp) or noop(smtp))
    monkeypatch.setattr(smtp, "TRUSTED_SECONDS", seconds)

    with SmtpConnection() as connection:
        for number in range(3):
            connection.send(email(number))

    assert (len(noops), len(server.accepted), server.connections) == (expected, 3, 1)


def test_a_refused_recipient_keeps_the_connection(server):
    with SmtpConnection() as connection:
        connection.send(email(1))
        server._mode = "5xx"  # Without closing the connection.
        with pytest.raises(Exception, match="550"):
            connection.send(email(2))
        server._mode = "ok"
        connection.send(email(3))

    assert (len(server.accepted), server.connections) == (2, 1)


def test_a_server_that_limits_emails_per_connection_is_not_away(server, acme, make_user):
    for number in range(5):
        make_user(acme, f"a{number}@x.test")
    server.mode = "tired"

    with public_context(RELAY):
        assert worker_loop.drain(call=lambda: None) == 5

    assert (len(server.accepted), server.connections) == (5, 3)
    assert mailserver.capacity(9, seconds=1) == 9
