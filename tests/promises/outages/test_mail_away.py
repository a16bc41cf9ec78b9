"""The mail server is away for a day, in every way there is: no welcome dies of it.

The conversations are real ones, with a server that fails when told to; the day is the clock's.
"""

import uuid
from datetime import timedelta

import pytest
from celery import current_app
from django.core import mail as django_mail
from django.core.cache import cache
from django.utils import timezone

from tasks import jobs, mailserver, worker_loop
from tasks.models import Message
from tasks.roles import RELAY
from tenancy import context
from tests.contexts import public_context
from tests.faulty_smtp import FaultySMTP
from tests.promises.conftest import scaled

pytestmark = pytest.mark.long

State = Message.State
HOUR = timedelta(hours=1)


@pytest.fixture
def server(settings):
    """A mail server that fails when told to, and what the service asks it by."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = 60
    with FaultySMTP() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


class Clock:
    """A day in a moment: everybody's clock, and what the cache forgets meanwhile."""

    def __init__(self, monkeypatch):
        self.now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: self.now)

    def forward(self, by):
        self.now += by
        with public_context():
            cache.delete(mailserver.PAUSED)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def sweep():
    """What a worker does whom beat has told to; return how many e-mails were tried."""
    with context.public_context(RELAY):
        return worker_loop.drain(call=lambda: None)


@pytest.fixture
def waiting(acme, globex, make_user):
    """Welcomes of two tenants that wait."""
    return [*people(make_user, acme, 3), *people(make_user, globex, 2)]


def states():
    with public_context():
        return sorted(Message.objects.values_list("state", flat=True))


def people(make_user, tenant, count):
    return [make_user(tenant, f"{uuid.uuid4().hex[:10]}@reader.test") for _ in range(count)]


@pytest.mark.parametrize("mode", ["refuse", "timeout", "busy", "4xx"])
def test_a_day_without_a_mail_server_kills_no_welcome(
    server, clock, waiting, mode, figure, settings
):
    server.mode = mode
    # Nothing answers, however long somebody waits.
    settings.EMAIL_TIMEOUT = 0.3 if mode == "timeout" else 60
    times_an_hour = scaled(12, quick=1)
    for _ in range(24 * times_an_hour):
        clock.forward(HOUR / times_an_hour)
        sweep()
    assert State.DEAD not in states()
    tries = server.connections

    server.mode, settings.EMAIL_TIMEOUT = "ok", 60
    for _ in range(3):
        clock.forward(HOUR * 1.3)
        while sweep():
            pass

    assert states() == [State.SENT] * len(waiting)
    assert len(set(server.message_ids)) == len(server.message_ids) == len(waiting)
    figure("Mail server away", f"connections in a day, 5 e-mails waiting ({mode})", tries)


def test_the_others_lose_no_attempt_while_one_email_probes(server, clock, acme, make_user):
    people(make_user, acme, 20)
    clock.forward(HOUR)
    server.mode = "refuse"

    tried = [sweep() for _ in range(4)]

    with public_context():
        attempts = sorted(Message.objects.values_list("attempts", flat=True))
    assert tried == [2, 0, 0, 0], "the first sweep knew nothing yet"
    assert attempts == [0] * 19 + [1]
    clock.forward(timedelta(minutes=3))
    assert sweep() == 1, "one goes and looks"


def test_an_email_that_was_taken_and_not_acknowledged_comes_again_as_the_same(
    server, clock, acme, make_user
):
    people(make_user, acme, 1)
    clock.forward(HOUR)
    server.mode = "drop_after_data"
    sweep()
    server.mode = "ok"
    clock.forward(HOUR)

    sweep()

    assert states() == [State.SENT]
    assert len(server.message_ids) == 2
    assert len(set(server.message_ids)) == 1, "the reader's mail client may know it for one"


@pytest.mark.parametrize("mode", ["5xx", "5xx_after_data"])
def test_who_is_refused_for_good_is_given_up_at_once_and_can_be_sent_again(
    server, clock, acme, globex, make_user, operator_client, mode
):
    people(make_user, acme, 2)
    people(make_user, globex, 1)
    clock.forward(HOUR)
    server.mode = mode
    sweep()
    assert states() == [State.DEAD] * 3
    assert mailserver.capacity(9, seconds=1) == 9, "the server is there: nobody else has to wait"
    server.mode = "ok"

    page = operator_client.get("/operator/tasks/message/")
    assert "Resend all 3 failed messages" in page.content.decode()
    operator_client.post("/operator/tasks/message/resend_all_dead/", {"_form_submitted": "true"})
    sweep()

    assert states() == [State.SENT] * 3


def test_a_poisonous_email_does_not_keep_the_others_waiting(
    server, clock, acme, make_user, monkeypatch
):
    """One at which the server hangs up each time: it steps back further and further."""
    poison, *_ = people(make_user, acme, 4)
    send = django_mail.EmailMultiAlternatives.send

    def hang_up(email):
        if email.to == [poison.email]:
            raise ConnectionResetError
        return send(email)

    monkeypatch.setattr(django_mail.EmailMultiAlternatives, "send", hang_up)
    for _ in range(8):
        clock.forward(timedelta(minutes=2))
        sweep()

    assert states().count(State.SENT) == 3


def test_emails_leave_at_the_providers_pace(server, clock, acme, globex, make_user, settings):
    people(make_user, acme, 12)
    people(make_user, globex, 1)
    clock.forward(HOUR)
    settings.OUTBOX_RATE = "4/hour"

    assert sweep() == 5, "the last one has to wait"
    sweep()

    assert len(server.accepted) == 4, "the hour isn't over"
    assert states().count(State.DEAD) == 0


def test_redis_away_as_well_leaves_each_process_a_bounded_pace(
    server, clock, acme, make_user, settings
):
    from tenancy import rate_limits

    people(make_user, acme, 3)
    clock.forward(HOUR)
    settings.OUTBOX_RATE = "2/hour"
    rate_limits.circuit_breaker.redis.trip(OSError())

    with public_context():
        due = list(Message.objects.due(timezone.now()))
    for message in due:
        headers = {"schema_name": message.schema_name}
        current_app.tasks[message.task].apply((str(message.pk),), headers=headers, throw=True)

    assert len(server.accepted) == 2
    rate_limits._local.cache_clear()


def test_the_sweep_hands_nothing_to_a_server_that_is_left_alone(db):
    mailserver.note_failure(OSError())

    assert jobs.sweep() == 0
