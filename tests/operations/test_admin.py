"""The operators' console: what it shows, and what it does."""

import re
import socket
import time
import uuid

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from tasks.models import Message
from tenancy.context import workspace_context
from tests.brokers import broker_at
from tests.contexts import public_context
from tests.operators import notices, reloaded, rows

INDEX = "/operator/"
TENANTS = "/operator/tenants/tenant/"
OUTBOX = "/operator/tasks/message/"
State = Message.State


def make_message(tenant, state=State.DEAD, **fields):
    with public_context():
        return Message.objects.create(
            **{
                "schema_name": tenant.schema_name,
                "kind": "welcome",
                "task": "accounts.onboarding.emails.send_welcome",
                "key": uuid.uuid4().hex,
                "state": state,
                "attempts": 12,
                "last_error": "SMTPRecipientsRefused 550",
                **fields,
            }
        )


# --- Health ---


def test_the_index_counts_tenants_people_and_messages(operator_client, acme, globex, make_user):
    make_user(acme, "ada@acme.test", welcome=False)
    make_user(globex, "ada@globex.test", welcome=False)
    make_message(acme, State.DEAD)
    make_message(globex, State.FAILED, due_at=timezone.now())

    context = operator_client.get(INDEX).context

    assert (context["tenants"]["active"], context["tenants"]["people"]) == (2, 2)
    assert (context["backlog"].dead, context["backlog"].failed) == (1, 1)
    assert context["backlog"].overdue_since is not None
    assert {c.name: c.is_ok for c in context["checks"]} | {"Worker": None, "Last sweep": None} == {
        "Database": True, "Redis": True, "Migrations": True, "Worker": None, "Last sweep": None,
    }  # fmt: skip


@pytest.mark.parametrize("how", ["refuses", "is silent"])
def test_the_index_waits_for_no_redis_that_is_away(operator_client, settings, how):
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        away = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        if how == "refuses":
            server.close()
        impatient = {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1}
        changes = {"LOCATION": away, "OPTIONS": impatient}
        settings.CACHES = {"default": {**settings.CACHES["default"], **changes}}
        with broker_at(away):
            before = time.monotonic()
            response = operator_client.get(INDEX)
            waited = time.monotonic() - before

    assert response.status_code == 200
    found = {check.name: check.is_ok for check in response.context["checks"]}
    assert found == {
        "Database": True, "Redis": False, "Migrations": True, "Worker": False, "Last sweep": False,
    }  # fmt: skip
    assert waited < 30, "it would seem to have stopped"


# --- Tenants ---


def test_the_list_counts_people_without_opening_a_schema(
    operator_client, acme, globex, make_user, django_assert_max_num_queries
):
    make_user(acme, "ada@acme.test")
    make_user(acme, "bob@acme.test")
    make_user(globex, "ada@globex.test")

    with django_assert_max_num_queries(12) as queries:
        response = operator_client.get(TENANTS)

    assert sorted(rows(response)) == ["Acme", "Globex"]
    counts = re.findall(r"field-people[^>]*>\s*(?:<[^>]+>\s*)*(\d+)", response.content.decode())
    assert sorted(counts) == ["1", "2"]
    sent = " ".join(query["sql"] for query in queries.captured_queries)
    assert acme.schema_name not in re.sub(r"'[^']*'", "", sent)
    assert f"set_config('search_path', '\"{acme.schema_name}\"" not in sent


@pytest.mark.parametrize(
    ("query", "expected"),
    [("q=glob", ["Globex"]), ("q=acme.localhost", ["Acme"]), ("status__exact=suspended", [])],
)
def test_tenants_are_found(operator_client, acme, globex, query, expected):
    assert rows(operator_client.get(f"{TENANTS}?{query}")) == expected


def test_a_tenants_page_shows_its_own_messages_and_hosts(operator_client, acme, globex):
    make_message(acme, State.DEAD)
    make_message(acme, State.DEAD)
    make_message(globex, State.DEAD)

    page = operator_client.get(f"{TENANTS}{acme.pk}/change/").content.decode()

    assert "Failed: 2" in page
    assert "acme.localhost" in page
    assert "globex" not in page


def test_suspending_asks_first_then_suspends_that_tenant_alone(
    operator_client, acme, globex, client_of
):
    url = f"{TENANTS}{acme.pk}/suspend/"

    assert "Suspend this tenant?" in operator_client.get(url).content.decode()
    assert reloaded(acme).is_open
    response = operator_client.post(
        url, {"_form_submitted": "true"}, headers={"HX-Request": "true"}
    )

    assert response.headers["HX-Redirect"] == f"{TENANTS}{acme.pk}/change/"
    assert [reloaded(acme).is_open, reloaded(globex).is_open] == [False, True]
    assert client_of(acme).get("/").status_code == 403
    with public_context():
        entry = LogEntry.objects.get()
        assert (entry.user.email, entry.object_id) == ("operator@example.test", str(acme.pk))


def test_a_suspended_tenant_can_be_resumed_but_not_suspended(operator_client, acme):
    operator_client.post(f"{TENANTS}{acme.pk}/suspend/", {"_form_submitted": "true"})

    again = operator_client.post(f"{TENANTS}{acme.pk}/suspend/", {"_form_submitted": "true"})
    operator_client.post(f"{TENANTS}{acme.pk}/resume/", {"_form_submitted": "true"})

    assert again.status_code == 403
    assert reloaded(acme).is_open


def test_suspending_selected_tenants_names_them_and_asks_first(operator_client, acme, globex):
    response = operator_client.post(
        TENANTS, {"action": "suspend_selected", "_selected_action": [acme.pk], "index": "0"}
    )

    page = response.content.decode()
    assert "Suspend these tenants?" in page
    assert "acme.localhost" in page
    assert "globex.localhost" not in page
    assert f'name="_selected_action" value="{acme.pk}"' in page
    assert [reloaded(acme).is_open, reloaded(globex).is_open] == [True, True]


def test_selected_tenants_are_suspended_and_the_others_are_not(operator_client, acme, globex):
    response = operator_client.post(
        TENANTS,
        {"action": "suspend_selected", "_selected_action": [acme.pk], "confirmed": "yes"},
        follow=True,
    )

    assert "1 tenant: Suspended." in response.content.decode()
    assert [reloaded(acme).is_open, reloaded(globex).is_open] == [False, True]


@pytest.mark.parametrize("path", ["add/", "{pk}/delete/"])
def test_nothing_goes_round_provisioning(operator_client, acme, path):
    for section in ("tenants/tenant", "tenants/domain", "tasks/message"):
        response = operator_client.post(f"/operator/{section}/{path.format(pk=acme.pk)}")

        assert response.status_code in {302, 403, 404}
    assert reloaded(acme) == acme


def test_libraries_register_nothing_here(operator_client):
    assert operator_client.get("/operator/account/emailaddress/").status_code == 404
    assert operator_client.get("/operator/auth/group/").status_code == 404


# --- Outbox ---


def test_the_outbox_is_filtered_by_tenant_and_state(operator_client, acme, globex):
    make_message(acme, State.DEAD)
    make_message(acme, State.SENT)
    make_message(globex, State.DEAD, kind="invitation")

    assert rows(operator_client.get(f"{OUTBOX}?tenant=globex")) == ["invitation"]
    assert rows(operator_client.get(f"{OUTBOX}?tenant=acme&state__exact=dead")) == ["welcome"]
    assert rows(operator_client.get(f"{OUTBOX}?tenant=nobody")) == []


def test_a_pasted_id_finds_its_message(operator_client, acme):
    wanted, _other = make_message(acme, kind="wanted"), make_message(acme)

    assert rows(operator_client.get(f"{OUTBOX}?q={wanted.pk}")) == ["wanted"]


def test_a_payload_is_never_shown(operator_client, acme):
    message = make_message(acme, payload=b"gAAAA-sealed", expires_at=timezone.now())

    pages = [operator_client.get(url) for url in (OUTBOX, f"{OUTBOX}{message.pk}/change/")]

    assert [page for page in pages if b"gAAAA" in page.content or page.status_code != 200] == []


def test_one_failed_message_is_sent_again(operator_client, acme, globex):
    message, other = make_message(acme), make_message(globex)

    operator_client.post(f"{OUTBOX}{message.pk}/resend_one/", {"_form_submitted": "true"})

    assert (reloaded(message).state, reloaded(message).attempts) == (State.PENDING, 0)
    assert reloaded(other).state == State.DEAD


def test_all_failed_messages_are_sent_again_but_those_whose_secret_is_erased(
    operator_client, acme, globex
):
    plain = [make_message(acme), make_message(globex)]
    erased = make_message(acme, task="accounts.sign_in.emails.send_code")
    sent = make_message(acme, State.SENT)

    operator_client.post(f"{OUTBOX}resend_all_dead/", {"_form_submitted": "true"})

    assert {reloaded(message).state for message in plain} == {State.PENDING}
    assert [reloaded(erased).state, reloaded(sent).state] == [State.DEAD, State.SENT]
    assert "1 message can&#x27;t" in notices(operator_client, OUTBOX)


def test_selected_messages_are_sent_again_unless_they_were_sent(operator_client, acme):
    failed, sent = make_message(acme, State.FAILED), make_message(acme, State.SENT)

    operator_client.post(
        OUTBOX, {"action": "resend_selected", "_selected_action": [failed.pk, sent.pk]}
    )

    assert [reloaded(failed).state, reloaded(sent).state] == [State.PENDING, State.SENT]


# --- Context ---


@pytest.mark.parametrize(
    "name", ["index", "tenants_tenant_changelist", "tenants_domain_changelist",
             "tasks_message_changelist", "accounts_user_changelist", "accounts_user_add",
             "admin_logentry_changelist", "search"],
)  # fmt: skip
def test_every_page_works_in_public(operator_client, acme, globex, name):
    make_message(acme)

    response = operator_client.get(f"{reverse(f'admin:{name}', urlconf='saas.urls.base')}?s=acme")

    # The lists know no `s` and say so by redirecting to themselves.
    assert response.status_code == (302 if name.endswith("changelist") else 200)


def test_a_search_of_the_console_is_remembered_under_publics_key(operator_client, acme):
    operator_client.get("/operator/search/?s=acme&extended=1")

    from django_redis import get_redis_connection

    keys = [key.decode() for key in get_redis_connection().keys("*unfold_search*")]
    assert [key.split(":")[0] for key in keys] == ["public"]
    with workspace_context(acme):
        from django.core.cache import cache

        assert cache.get(keys[0].split(":", 3)[-1]) is None
