"""What has had its time goes, a tenant at a time; what hasn't stays."""

import uuid
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import Handoff, Invitation
from accounts.retention import services as pruning
from accounts.retention.services import prune
from tasks import relay
from tasks.models import Message
from tenancy.context import workspace_context
from tenants.lifecycle import jobs
from tenants.models import QuarantinedSubdomain, Tenant
from tests.contexts import public_context

State = Message.State
NOW, DAY = timezone.now, timedelta(days=1)


def invitation(**fields):
    defaults = {"email": f"{uuid.uuid4().hex}@x.test", "token_hash": uuid.uuid4().hex}
    return Invitation.objects.create(**defaults | {"expires_at": NOW() + DAY} | fields)


def fill(user):
    """One of each that has had its time, and one of each that hasn't."""
    for days in (-1, 1):
        end = NOW() + days * DAY
        Session.objects.create(session_key=uuid.uuid4().hex, session_data="", expire_date=end)
        Handoff.objects.create(token_hash=uuid.uuid4().hex, user=user, expires_at=end)
    invitation()
    for field in ("expires_at", "accepted_at", "revoked_at"):
        invitation(**{field: NOW() - 89 * DAY})
        invitation(**{field: NOW() - 91 * DAY})
    for key in (Session.objects.latest("expire_date").pk, "gone"):
        seen = UserSession.objects.create(user=user, session_key=key, ip="192.0.2.1")
        UserSession.objects.filter(pk=seen.pk).update(last_seen_at=NOW() - 2 * DAY)
    UserSession.objects.create(user=user, session_key="just made", ip="192.0.2.1")


def counts():
    return [m.objects.count() for m in (Session, Handoff, Invitation, UserSession)]


def test_pruning_takes_what_has_ended_in_one_tenant_alone(acme, globex, make_user, monkeypatch):
    monkeypatch.setattr(pruning, "BATCH", 2)
    for tenant in (acme, globex):
        user = make_user(tenant)
        with workspace_context(tenant):
            fill(user)
            assert counts() == [2, 2, 7, 3]

    jobs.prune_tenant.apply(headers={"schema_name": acme.schema_name}, throw=True)

    with workspace_context(acme):
        assert counts() == [1, 1, 4, 2]
        assert prune() == 0
    with workspace_context(globex):
        assert counts() == [2, 2, 7, 3]


def test_a_suspended_tenant_is_pruned_too(acme, make_user, monkeypatch):
    user = make_user(acme)
    with workspace_context(acme):
        fill(user)
    with public_context():
        Tenant.objects.filter(pk=acme.pk).update(status=Tenant.Status.SUSPENDED)
    sent = []
    monkeypatch.setattr(
        jobs.prune_tenant, "apply_async", lambda **options: sent.append(options["schema_name"])
    )
    monkeypatch.setattr(jobs, "_interval", lambda: acme.pk % jobs.INTERVALS)

    jobs.prune_all()
    jobs.prune_tenant.apply(headers={"schema_name": acme.schema_name}, throw=True)

    assert sent == [acme.schema_name]
    with workspace_context(acme):
        assert counts() == [1, 1, 4, 2]


def test_every_tenant_has_its_turn_once_a_day(acme, globex, monkeypatch):
    sent = []
    monkeypatch.setattr(
        jobs.prune_tenant, "apply_async", lambda **options: sent.append(options["schema_name"])
    )
    for part in range(jobs.INTERVALS):
        monkeypatch.setattr(jobs, "_interval", lambda part=part: part)
        with public_context():
            pks = Tenant.objects.open().in_part(part, jobs.INTERVALS).values_list("schema_name")
            sent += [name for (name,) in pks]

    assert sorted(sent) == sorted([acme.schema_name, globex.schema_name])


def test_the_dispatcher_hands_out_whose_turn_it_is_and_frees_rested_names(
    acme, globex, monkeypatch
):
    sent = []
    monkeypatch.setattr(
        jobs.prune_tenant, "apply_async", lambda **options: sent.append(options["schema_name"])
    )
    monkeypatch.setattr(jobs, "_interval", lambda: acme.pk % jobs.INTERVALS)
    with public_context():
        QuarantinedSubdomain.objects.create(slug="rested", until=NOW() - DAY)
        QuarantinedSubdomain.objects.create(slug="resting", until=NOW() + DAY)

    jobs.prune_all()

    assert sent == [acme.schema_name]
    with public_context():
        assert [name.slug for name in QuarantinedSubdomain.objects.all()] == ["resting"]


@pytest.mark.parametrize(
    ("state", "age", "stays"),
    [
        (State.SENT, 91, False), (State.DEAD, 91, False), (State.SENT, 89, True),
        (State.DEAD, 89, True), (State.PENDING, 91, True), (State.FAILED, 91, True),
        (State.SENDING, 91, True),
    ],
)  # fmt: skip
def test_messages_are_kept_for_so_long(acme, state, age, stays):
    with public_context():
        Message.objects.create(
            schema_name=acme.schema_name, kind="welcome", task="x", key="k", state=state,
            created_at=NOW() - age * DAY, sent_at=NOW() - age * DAY if state == "sent" else None,
        )  # fmt: skip

        relay.prune()

        assert Message.objects.exists() is stays


def test_messages_go_in_batches_that_end(acme, monkeypatch):
    monkeypatch.setattr(relay, "BATCH", 2)
    monkeypatch.setattr(relay, "PRUNED_BATCHES", 2)
    with public_context():
        Message.objects.bulk_create(
            Message(schema_name=acme.schema_name, kind="welcome", task="x", key=str(number),
                    state=State.DEAD, created_at=NOW() - (100 + number) * DAY)
            for number in range(5)
        )  # fmt: skip

        assert [relay.prune(), relay.prune(), relay.prune()] == [4, 1, 0]
