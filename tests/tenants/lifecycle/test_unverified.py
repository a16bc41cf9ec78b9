"""Tenants that nobody confirms: told, ended, and few at a time; no other is touched."""

import threading
import time
from datetime import timedelta

import psycopg
import pytest
from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Role, User
from tasks import outbox
from tasks.models import Message
from tenancy import schemas
from tenancy.context import workspace_context
from tenants.lifecycle import jobs, unverified
from tenants.lifecycle.emails import send_deletion_notice
from tenants.models import QuarantinedSubdomain, Tenant
from tenants.signup import services as signup
from tests.contexts import public_context

OWNER = signup.Owner("Peter Gibbons", "peter@initech.test", "correct horse battery staple")
State = Message.State


@pytest.fixture
def initech(request, acme):
    """A tenant whose owner has confirmed nothing; acme and globex are nobody's."""
    tenant, _owner = signup.open_tenant(
        organization="Initech", subdomain="initech", owner=OWNER, opened_from="192.0.2.1"
    )
    return tenant


def age(tenant, days):
    """Let a tenant be older by so many days, and its end as much nearer."""
    with public_context():
        row = Tenant.objects.get(pk=tenant.pk)
        row.created_at -= timedelta(days=days)
        if row.deletion_due_at:
            row.deletion_due_at -= timedelta(days=days)
        row.save()


def review_all():
    """Do what beat's job and the workers it calls do."""
    with public_context():
        tenants = unverified.due(100)
    for tenant in tenants:
        unverified.review(tenant=tenant)


def notices():
    with public_context():
        return list(Message.objects.filter(kind="deletion_notice"))


def reloaded(tenant):
    with public_context():
        return Tenant.objects.filter(pk=tenant.pk).first()


def confirm(tenant, email=OWNER.email):
    with workspace_context(tenant):
        EmailAddress.objects.get(email=email).set_verified()


# --- The end ---


def test_an_owner_is_told_once_and_the_tenant_ends_in_time(committed, initech, settings):
    age(initech, settings.UNVERIFIED_NOTICE_DAYS - 1)
    review_all()
    assert notices() == []

    age(initech, 1)
    review_all()
    review_all()

    (notice,) = notices()
    assert notice.schema_name == initech.schema_name
    days = (reloaded(initech).deletion_due_at - timezone.now() + timedelta(hours=1)).days
    assert days == settings.UNVERIFIED_DAYS - settings.UNVERIFIED_NOTICE_DAYS

    age(initech, days - 1)
    review_all()
    assert reloaded(initech)

    age(initech, 1)
    review_all()

    assert reloaded(initech) is None
    assert initech.schema_name not in schemas.tenant_schemas()
    with public_context():
        assert not Message.objects.exists()
        assert not QuarantinedSubdomain.objects.exists()
        assert set(Tenant.objects.values_list("slug", flat=True)) == {"acme", "globex"}


def test_a_beat_that_was_away_for_long_still_tells_before_it_ends_a_tenant(initech, settings):
    age(initech, 10 * settings.UNVERIFIED_DAYS)

    review_all()

    assert reloaded(initech)
    assert reloaded(initech).deletion_due_at > timezone.now() + timedelta(days=6)


def test_who_confirms_after_the_notice_stays_and_gets_no_late_one(initech, settings):
    age(initech, settings.UNVERIFIED_NOTICE_DAYS)
    review_all()

    confirm(initech)

    assert [notice.state for notice in notices()] == [State.CANCELLED]
    kept = reloaded(initech)
    assert (kept.deletion_due_at, kept.opened_from) == (None, "")
    assert kept.verified_at
    age(initech, 100)
    review_all()
    assert reloaded(initech)


def test_one_verified_owner_keeps_a_tenant_that_no_signal_told_of(initech, make_user, settings):
    """Rows that were written past the receivers: the schema decides."""
    with workspace_context(initech):
        second = User.objects.create_user("ada@initech.test", full_name="Ada", role=Role.OWNER)
        EmailAddress.objects.filter(user=second).update(verified=True)
    with public_context():
        past = timezone.now() - timedelta(days=1)
        Tenant.objects.filter(pk=initech.pk).update(deletion_due_at=past, verified_at=None)

    review_all()

    assert reloaded(initech).verified_at


def test_a_verified_member_is_no_owner_until_made_one(initech, make_user):
    user = make_user(initech, "member@initech.test")
    assert reloaded(initech).verified_at is None

    with workspace_context(initech):
        user.role = Role.OWNER
        user.save(update_fields=["role"])

    assert reloaded(initech).verified_at


@pytest.mark.parametrize("why", ["suspended", "nobody's"])
def test_others_are_left_alone(initech, settings, why):
    age(initech, settings.UNVERIFIED_NOTICE_DAYS)
    review_all()
    age(initech, 100)
    if why == "suspended":
        with public_context():
            Tenant.objects.filter(pk=initech.pk).update(status="suspended")
    else:
        with workspace_context(initech):
            User.objects.all().delete()

    review_all()

    assert reloaded(initech)


def test_who_confirms_at_the_last_moment_stays(committed, administrator, initech, settings):
    """The end waits for whoever is confirming, and sees it."""
    age(initech, settings.UNVERIFIED_NOTICE_DAYS)
    review_all()
    age(initech, 100)
    confirming, go_on = threading.Event(), threading.Event()

    def confirm_slowly():
        with workspace_context(initech), transaction.atomic():
            # Not yet committed, and the mark on the tenant's row is still to come.
            EmailAddress.objects.filter(email=OWNER.email).update(verified=True)
            confirming.set()
            go_on.wait(60)
        connection.close()

    def end():
        unverified.review(tenant=reloaded(initech))
        connection.close()

    first, second = threading.Thread(target=confirm_slowly), threading.Thread(target=end)
    first.start()
    assert confirming.wait(60)
    second.start()
    _wait_for_a_lock(administrator)
    go_on.set()
    first.join()
    second.join()

    assert reloaded(initech).verified_at


def _wait_for_a_lock(administrator):
    """Look as the administrator: the roles don't see what other connections wait for."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
    with psycopg.connect(administrator, autocommit=True) as server:
        for _ in range(6000):
            if server.execute(asked, [connection.settings_dict["NAME"]]).fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waited")


@pytest.mark.parametrize(
    ("language", "subject", "day"),
    [
        ("en", "Initech will be removed unless you confirm your address", "28 Nov 2026"),
        ("ko", "주소를 인증하지 않으면 Initech 워크스페이스가 삭제돼요", "2026년 11월 28일"),
    ],
)
def test_the_email_names_the_day_in_its_readers_language(
    initech, mailoutbox, language, subject, day
):
    with workspace_context(initech):
        User.objects.update(language=language)
        message = outbox.enqueue(
            send_deletion_notice,
            user_id=User.objects.get().pk,
            deleted_at="2026-11-28T12:00:00+00:00",
        )
    headers = {"schema_name": initech.schema_name}

    send_deletion_notice.apply(args=(str(message.pk),), headers=headers, throw=True)

    (email,) = mailoutbox
    assert (email.to, email.subject) == ([OWNER.email], subject)
    assert day in email.body
    assert day in email.alternatives[0][0]
    assert f"{initech.origin}/accounts/verify/" in email.body


def test_beat_hands_each_tenant_to_a_worker_bound_to_its_schema(initech, settings, monkeypatch):
    sent = []
    monkeypatch.setattr(jobs.review, "apply_async", lambda **options: sent.append(options))
    age(initech, settings.UNVERIFIED_NOTICE_DAYS)

    assert jobs.review_unverified() == 1

    assert [options["schema_name"] for options in sent] == [initech.schema_name]
    jobs.review.apply(headers={"schema_name": initech.schema_name}, throw=True)
    assert len(notices()) == 1


# --- Few at a time ---


@pytest.mark.parametrize("changed", ["email", "network"])
def test_an_address_holds_only_so_many(
    initech, base_client, sign_up_data, settings, changed, client_of
):
    settings.UNVERIFIED_PER_ADDRESS = settings.UNVERIFIED_PER_NETWORK = 1
    whose = {"email": "new@initech.test"} if changed == "email" else {}
    client = {"REMOTE_ADDR": "192.0.2.1" if changed == "email" else "198.51.100.7"}

    refused = base_client.post("/signup/", sign_up_data(subdomain="initrode", **whose), **client)

    assert refused.status_code == 429
    page = refused.content.decode()
    assert "You have opened 1 workspace whose address isn&#x27;t confirmed yet." in page
    assert 'value="initrode"' in page

    confirm(initech)
    again = base_client.post("/signup/", sign_up_data(subdomain="initrode", **whose), **client)
    assert again.status_code == 303


def test_a_stranger_elsewhere_uses_up_nobodys_share(initech, base_client, sign_up_data, settings):
    settings.UNVERIFIED_HERE, settings.UNVERIFIED_PER_ADDRESS = 1, 3

    def sign_up(subdomain, network):
        data = sign_up_data(subdomain=subdomain)
        return base_client.post("/signup/", data, REMOTE_ADDR=network).status_code

    # The stranger opened initech; whose address it is comes from elsewhere.
    assert sign_up("initech2", "192.0.2.1") == 429
    assert sign_up("initrode", "198.51.100.7") == 303
    assert sign_up("initrode2", "198.51.100.7") == 429
    assert sign_up("initrode3", "203.0.113.9") == 303
    assert sign_up("initrode4", "203.0.113.77") == 429, "all strangers together"


def test_all_that_is_held_is_counted_in_two_statements(initech, django_assert_num_queries):
    with public_context(), django_assert_num_queries(2):
        unverified.refuse_too_many(email=OWNER.email, network="192.0.2.1")


def test_an_address_that_was_proved_is_shut_out_by_no_stranger(
    initech, acme, base_client, sign_up_data, settings, make_user
):
    settings.UNVERIFIED_HERE, settings.UNVERIFIED_PER_ADDRESS = 1, 1
    data = sign_up_data(subdomain="initrode")
    refused = base_client.post("/signup/", data, REMOTE_ADDR="198.51.100.7")
    make_user(acme, OWNER.email)
    with public_context():
        Tenant.objects.filter(pk=acme.pk).update(verified_at=timezone.now())

    opened = base_client.post("/signup/", data, REMOTE_ADDR="198.51.100.7")

    assert [refused.status_code, opened.status_code] == [429, 303]


def test_strangers_and_the_same_form_are_not_counted(initech, base_client, sign_up_data, settings):
    settings.UNVERIFIED_PER_ADDRESS = settings.UNVERIFIED_PER_NETWORK = 1
    data = sign_up_data(
        subdomain="initrode", email="other@initrode.test",
        idempotency_key="0b38b7f6-8f53-4c5f-9d0c-6a8e6f5b7c11",
    )  # fmt: skip

    answers = [base_client.post("/signup/", data, REMOTE_ADDR="198.51.100.7") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]


def test_our_own_command_line_is_not_counted(initech, settings):
    settings.UNVERIFIED_PER_ADDRESS = 1

    signup.open_tenant(organization="Initrode", subdomain="initrode", owner=OWNER)

    with public_context():
        assert Tenant.objects.get(slug="initrode").opened_from == ""
        assert "192.0.2.1" not in Tenant.objects.get(slug="initech").opened_from
