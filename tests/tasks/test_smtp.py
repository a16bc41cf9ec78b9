"""One line for many letters, counted at the server's end."""

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
    return EmailMessage(f"Letter {number}", "Hello.", "us@x.test", [f"reader{number}@x.test"])


def test_a_turns_letters_take_one_line(server, acme, globex, make_user):
    for number in range(6):
        make_user(acme, f"a{number}@x.test")
        make_user(globex, f"g{number}@x.test")

    with public_context(RELAY):
        assert worker_loop.drain(call=lambda: None) == 12

    assert (len(server.accepted), server.connections) == (12, 1)
    with operators_context():
        assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_a_line_is_hung_up_at_the_end(server):
    with SmtpConnection() as connection:
        connection.send(email(1))
        assert len(server.open) == 1

    assert connection._backend is None
    assert server.connections == 1


def test_a_line_carries_so_many_letters(server, monkeypatch):
    monkeypatch.setattr(smtp, "MOST_EMAILS", 2)

    with SmtpConnection() as connection:
        for number in range(5):
            connection.send(email(number))

    assert (len(server.accepted), server.connections) == (5, 3)


def test_a_line_that_broke_is_replaced_before_a_letter_gets_lost_on_it(server):
    with SmtpConnection() as connection:
        connection.send(email(1))
        server.mode = "ok"  # It hangs up on everybody.
        connection.send(email(2))

    assert (len(server.accepted), server.connections) == (2, 2)


@pytest.mark.parametrize(("seconds", "asked"), [(60, 0), (0, 2)])
def test_a_line_that_was_just_heard_of_is_not_asked(server, monkeypatch, seconds, asked):
    questions = []
    noop = smtplib.SMTP.noop
    monkeypatch.setattr(smtplib.SMTP, "noop", lambda talk: questions.append(talk) or noop(talk))
    monkeypatch.setattr(smtp, "TRUSTED", seconds)

    with SmtpConnection() as connection:
        for number in range(3):
            connection.send(email(number))

    assert (len(questions), len(server.accepted), server.connections) == (asked, 3, 1)


def test_a_reader_who_is_refused_costs_no_line(server):
    with SmtpConnection() as connection:
        connection.send(email(1))
        server._mode = "5xx"  # Without hanging up.
        with pytest.raises(Exception, match="550"):
            connection.send(email(2))
        server._mode = "ok"
        connection.send(email(3))

    assert (len(server.accepted), server.connections) == (2, 1)


def test_a_server_that_counts_the_letters_of_a_line_is_not_away(server, acme, make_user):
    for number in range(5):
        make_user(acme, f"a{number}@x.test")
    server.mode = "tired"

    with public_context(RELAY):
        assert worker_loop.drain(call=lambda: None) == 5

    assert (len(server.accepted), server.connections) == (5, 3)
    assert mailserver.capacity(9, seconds=1) == 9
