"""Commands that look after people, operators and messages."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError
from django.utils import timezone

from accounts.models import Profile, User
from accounts.onboarding.emails import send_welcome
from operations.operators import ensure_operator
from tasks import relay
from tasks.models import Message
from tasks.outbox import enqueue
from tenancy.context import workspace_context
from tenants.lifecycle.deletion import delete_tenant
from tests.commands import run
from tests.contexts import public_context
from tests.fixtures import PASSWORD

State = Message.State


# --- Profiles ---


def test_check_profiles_visits_every_schema(acme, globex, make_user, make_operator):
    make_user(acme, "ada@acme.test")
    make_user(globex, "ada@globex.test")
    make_operator()
    run("suspend_tenant", "globex")

    assert run("check_profiles") == "All 3 users in 3 schemas are complete.\n"


@pytest.mark.parametrize("where", ["acme", "globex", "public"])
@pytest.mark.parametrize(
    ("model", "what"), [(Profile, "profile"), (EmailAddress, "e-mail address")]
)
def test_check_profiles_names_who_lacks_what(
    acme, globex, make_user, make_operator, where, model, what
):
    make_user(acme, "ada@one.test")
    make_user(globex, "ada@one.test")
    make_operator("ada@one.test")
    context = {"acme": acme, "globex": globex}.get(where)
    with workspace_context(context) if context else public_context():
        model.objects.all().delete()

    with pytest.raises(CommandError) as refusal:
        run("check_profiles")

    first, last = str(refusal.value).splitlines()
    assert first.startswith(f"{where}: ada@one.test (")
    assert first.endswith(f"has no {what}")
    assert last == "1 of 3 users lack one."


# --- Operators ---


def test_ensure_operator_makes_one_once(db, base_client):
    said = [run("ensure_operator", email="op@example.test", password="short") for _ in range(2)]

    assert [line.split()[0] for line in said] == ["Created", "Kept"]
    with public_context():
        operator = User.objects.get()
        assert operator.emailaddress_set.get().verified
        assert operator.profile.pk == operator.pk
    response = base_client.post(
        "/operator/accounts/login/", {"login": "op@example.test", "password": "short"}
    )
    assert response.status_code == 302


def test_ensure_operator_opens_the_door_again(db, make_operator):
    operator = make_operator("op@example.test")
    with public_context():
        User.objects.update(is_active=False)

    assert ensure_operator(email="op@example.test", password="another", full_name="X") is False

    with public_context():
        operator.refresh_from_db()
    assert (operator.is_active, operator.check_password("another")) == (True, True)
    assert operator.full_name == "Olga Operator"


def test_ensure_operator_is_for_development(db, settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="create_operator"):
        run("ensure_operator", email="op@example.test", password="x")

    with public_context():
        assert not User.objects.exists()


def test_create_operator_takes_a_good_password_once(acme, piped):
    piped(PASSWORD)
    run("create_operator", "op@example.test", "--name=Olga", "--password-stdin")

    piped(PASSWORD)
    with pytest.raises(CommandError, match="already belongs to an operator"):
        run("create_operator", "OP@example.test", "--name=Olga", "--password-stdin")
    piped("short")
    with pytest.raises(CommandError, match="too short"):
        run("create_operator", "new@example.test", "--name=Nina", "--password-stdin")

    with public_context():
        assert list(User.objects.values_list("email", flat=True)) == ["op@example.test"]
    with workspace_context(acme):
        assert not User.objects.exists()


# --- E-mails ---


def dead_welcome(tenant, make_user, email="ada@reader.test"):
    user = make_user(tenant, email)
    with public_context():
        message = Message.objects.get(user_id=user.pk)
        relay.fail_permanently(message, ValueError())
    return message


def state_of(message):
    with public_context():
        return Message.objects.get(pk=message.pk).state


def test_resend_dead_takes_one_tenant_or_all(acme, globex, make_user):
    messages = [dead_welcome(tenant, make_user) for tenant in (acme, globex)]

    shown = run("resend_failed", "--dry-run")
    assert shown.endswith("2 of 2 failed messages would be sent again.\n")
    assert [state_of(message) for message in messages] == [State.DEAD, State.DEAD]
    run("resend_failed", tenant="acme")
    assert [state_of(message) for message in messages] == [State.PENDING, State.DEAD]
    run("resend_failed", kind="invitation")
    assert state_of(messages[1]) == State.DEAD
    with pytest.raises(CommandError, match="--all"):
        run("resend_failed")
    run("resend_failed", "--all")
    assert state_of(messages[1]) == State.PENDING


def test_resend_dead_skips_erased_messages(acme, make_user):
    message = dead_welcome(acme, make_user)
    with public_context():
        Message.objects.update(task="accounts.sign_in.emails.send_code")

    assert "0 of 1" in run("resend_failed", "--all")
    assert state_of(message) == State.DEAD


def test_relay_outbox_sends_what_is_due_without_any_worker(acme, globex, make_user, mailoutbox):
    due, early = make_user(acme, "ada@acme.test"), make_user(globex, "bob@globex.test")
    gone = make_user(globex, "gone@globex.test")
    now = timezone.now()
    with public_context():
        Message.objects.filter(user_id=early.pk).update(due_at=now + timedelta(hours=1))
    with workspace_context(globex):
        gone.delete()

    said = run("relay_outbox")

    assert said == "1 dead, 1 sent\n"
    assert [email.to for email in mailoutbox] == [["ada@acme.test"]]
    assert acme.origin in mailoutbox[0].body
    with public_context():
        assert Message.objects.get(user_id=due.pk).state == State.SENT
        assert Message.objects.get(user_id=early.pk).state == State.PENDING
    assert run("relay_outbox") == "Nothing is due.\n"


def test_relay_outbox_goes_on_without_a_tenant_that_is_deleted_meanwhile(
    committed, acme, globex, make_user, mailoutbox, monkeypatch
):
    make_user(acme, "ada@acme.test")
    make_user(globex, "bob@globex.test")
    lease_batch = relay.lease_batch

    def and_delete():
        if messages := lease_batch():
            delete_tenant(tenant=acme)
        return messages

    monkeypatch.setattr(relay, "lease_batch", and_delete)

    assert run("relay_outbox") == "1 gone, 1 sent\n"
    assert [email.to for email in mailoutbox] == [["bob@globex.test"]]


def test_a_message_of_a_suspended_tenant_waits(acme, make_user, mailoutbox):
    make_user(acme, "ada@acme.test")
    with public_context():
        Message.objects.update(due_at=timezone.now())
    run("suspend_tenant", "acme")

    assert run("relay_outbox") == "1 failed\n"
    assert mailoutbox == []


def test_a_message_enqueued_twice_is_one(acme, make_user):
    user = make_user(acme)
    with workspace_context(acme):
        enqueue(send_welcome, user_id=user.pk, key=f"welcome:{user.pk}")
    with public_context():
        assert Message.objects.count() == 1


# --- reset_login_throttling ---


def test_a_person_and_an_address_are_reset_in_one_tenant(acme, globex, settings):
    from accounts.sign_in.login_throttling import budgets_of_address, budgets_of_person
    from tasks.mail import all_budgets_of
    from tenancy import rate_limits
    from tenancy.errors import RateLimitedError

    settings.LIMITS = dict.fromkeys(settings.LIMITS, "1/hour")
    email, address = "ada@example.test", "2001:db8::1"

    def room_in(tenant):
        """Spend what there is, and return how many budgets had any of their own."""
        with workspace_context(tenant):
            budgets = [
                *budgets_of_person(email),
                *all_budgets_of(email),
                *budgets_of_address(address, email),
            ]
        left = 0
        for budget in {b for b in budgets if tenant.schema_name in b.whose}:
            try:
                rate_limits.spend(budget)
                left += 1
            except RateLimitedError:
                continue
        return left

    all_of_them = room_in(acme)
    assert room_in(globex) == all_of_them > 10
    assert room_in(acme) == room_in(globex) == 0

    said = run("reset_login_throttling", "acme", "--email", email, "--address", "2001:db8::2")

    assert said.startswith("Reset ")
    assert room_in(acme) == all_of_them
    assert room_in(globex) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [([], "Whose limits"), (["--address", "acme.test"], "is no IP address")],
)
def test_resetting_requires_a_valid_person_or_address(acme, words, said):
    with pytest.raises(CommandError, match=said):
        run("reset_login_throttling", "acme", *words)
