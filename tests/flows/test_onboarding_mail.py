"""Nobody waits for the welcome, and nothing loses it: not a dead worker, not a lost queue."""

import signal
from pathlib import Path

import pytest
import redis
import requests

from tests.inbox import emails_to
from tests.stacks import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


@pytest.fixture
def post_sign_up(stack):
    """Send the sign-up form without a browser, as a page without JavaScript does."""

    def post(slug):
        form, host = f"http://127.0.0.1:{stack.port}/signup/", f"localhost:{stack.port}"
        with requests.Session() as visitor:
            page = visitor.get(form, headers={"Host": host})
            token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
            typed = {
                "csrfmiddlewaretoken": token,
                "organization": slug,
                "subdomain": slug,
                "full_name": "Grace Hopper",
                "email": f"grace@{slug}.test",
                "password": "correct horse battery staple",
                "terms": "on",
            }
            headers = {
                "Host": host,
                "Origin": stack.origin,
                "Cookie": f"csrf={page.cookies['csrf']}",
            }
            response = visitor.post(form, typed, headers=headers, allow_redirects=False)
        assert response.status_code == 303, "the page waits for no mail"
        return typed["email"]

    return post


def states(stack, address):
    """Return the states of a new person's messages, past the service."""
    slug = address.split("@")[1].removesuffix(".test")
    return stack.query(
        "SELECT state, attempts FROM public.tasks_message m"
        " JOIN public.tenants_tenant t USING (schema_name) WHERE slug = %s",
        slug,
    )


def test_a_welcome_survives_a_dead_worker_and_a_lost_queue(stack, post_sign_up, unique_slug):
    stack.stop("worker", signal.SIGKILL)
    try:
        address = post_sign_up(unique_slug)
        assert states(stack, address) == [("pending", 0)]
        # The notification is lost along with the queue.
        with redis.Redis.from_url(stack.environment["REDIS_URL"]) as queue:
            queue.flushdb()
        assert emails_to(address) == []
        # Later, as far as the sweep can tell.
        stack.query(
            "UPDATE public.tasks_message SET due_at = now() WHERE state = 'pending' RETURNING 1"
        )
    finally:
        stack.start("worker")

    email = stack.wait_for_email(address)

    wait_until(lambda: states(stack, address) == [("sent", 1)], "the record of it")
    assert email["MessageID"].split("@")[0] in str(
        stack.query("SELECT id FROM public.tasks_message WHERE state = 'sent'")
    )
    assert len(emails_to(address)) == 1


def test_a_worker_that_dies_while_sending_leaves_its_message_to_the_next(
    stack, post_sign_up, unique_slug
):
    address = post_sign_up(unique_slug)
    stack.wait_for_email(address)
    wait_until(lambda: states(stack, address) == [("sent", 1)], "the record of it")
    # As a worker leaves it that was killed between its claim and the record.
    stack.query(
        "UPDATE public.tasks_message SET state = 'sending', due_at = now() - interval '1 s'"
        " FROM public.tenants_tenant t WHERE t.schema_name = tasks_message.schema_name"
        " AND t.slug = %s RETURNING 1",
        unique_slug,
    )

    wait_until(lambda: states(stack, address) == [("sent", 2)], "the second attempt")

    first, second = emails_to(address)
    assert first["MessageID"] == second["MessageID"], "the reader's mail program sees one e-mail"


def test_a_beat_that_was_killed_starts_again(stack, post_sign_up, unique_slug):
    sign = Path(f"{stack.environment['BEAT_SCHEDULE']}.alive")
    wait_until(sign.exists, "a sign of life from beat")
    stack.stop("beat", signal.SIGKILL)
    try:
        address = post_sign_up(unique_slug)
        stack.wait_for_email(address)
        before = sign.stat().st_mtime
    finally:
        stack.start("beat")

    wait_until(lambda: sign.stat().st_mtime > before, "another sign of life from beat")


def test_the_access_log_holds_neither_tokens_nor_reset_keys(stack):
    with requests.Session() as visitor:
        for path in (
            "/accounts/password/reset/key/3f2a-c0ffee/",
            "/accounts/handoff/?token=c0ffee",
        ):
            url = f"http://127.0.0.1:{stack.port}{path}"
            visitor.get(url, headers={"Host": f"acme.localhost:{stack.port}"})

    log = stack.logs / "web.log"
    wait_until(lambda: "/accounts/handoff/" in log.read_text(), "the line of it")
    assert "/password/reset/key/" in log.read_text()
    assert "c0ffee" not in log.read_text()
