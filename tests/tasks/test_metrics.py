"""Signs of life: what is counted, and that nobody waits for who is away."""

import uuid
from datetime import timedelta

from django.utils import timezone

from tasks import jobs, metrics
from tasks.models import Message
from tests.contexts import public_context

State = Message.State


def make_message(schema_name, state, **fields):
    return Message.objects.create(
        schema_name=schema_name,
        kind="welcome",
        task="x",
        key=uuid.uuid4().hex,
        state=state,
        **fields,
    )


def test_the_backlog_counts_each_state_and_the_oldest_that_is_due(acme, globex):
    now = timezone.now()
    yesterday = now - timedelta(days=2)
    with public_context():
        make_message(acme.schema_name, State.PENDING, due_at=now + timedelta(hours=1))
        make_message(acme.schema_name, State.FAILED, due_at=now - timedelta(minutes=5))
        make_message(globex.schema_name, State.FAILED, due_at=now - timedelta(minutes=9))
        make_message(globex.schema_name, State.DEAD, due_at=yesterday)
        make_message(globex.schema_name, State.SENT, due_at=yesterday)
        make_message(globex.schema_name, State.SENT, created_at=yesterday, due_at=yesterday)

        backlog = metrics.backlog()

    assert backlog == metrics.Backlog(
        waiting=1, sending=0, failed=2, dead=1, sent_today=1,
        overdue_since=now - timedelta(minutes=9),
    )  # fmt: skip


def test_nothing_is_overdue_in_an_empty_outbox(db):
    with public_context():
        assert metrics.backlog().overdue_since is None


def test_a_sweep_leaves_its_time(db):
    assert metrics.last_sweep() is None

    jobs.sweep()

    assert timezone.now() - metrics.last_sweep() < timedelta(seconds=5)


def test_no_worker_answers_where_none_runs():
    assert metrics.worker_answers() is False
