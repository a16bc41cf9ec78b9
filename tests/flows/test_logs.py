"""What web, worker and beat really write, while people sign up, fail, and break things."""

import json

import psycopg
import pytest
import redis
import requests

from tests.stacks import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

PASSWORD = "canary battery staple"


@pytest.fixture
def visitor(stack):
    """Talk to the service as a browser without JavaScript does; return how to send a form."""
    session = requests.Session()

    def send(host, path, page=None, **typed):
        address = f"http://127.0.0.1:{stack.port}"
        headers = {"Host": f"{host}:{stack.port}", "Origin": f"http://{host}:{stack.port}"}
        cookies = "; ".join(f"{c.name}={c.value}" for c in session.cookies)
        shown = session.get(address + (page or path), headers={**headers, "Cookie": cookies})
        token = shown.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        cookies = "; ".join(f"{c.name}={c.value}" for c in session.cookies)
        return session.post(
            address + path,
            {"csrfmiddlewaretoken": token, **typed},
            headers={**headers, "Cookie": cookies},
            allow_redirects=False,
        )

    with session:
        yield send


def written(stack):
    return {log.name: log.read_text(errors="replace") for log in stack.logs.glob("*.log")}


def queued_forever(stack):
    """Everything that lies in the stack's Redis, as text."""
    with redis.Redis.from_url(stack.environment["REDIS_URL"]) as server:
        keys = server.keys("*")
        lists = [server.lrange(key, 0, -1) for key in keys if server.type(key) == b"list"]
        hashes = [server.hgetall(key) for key in keys if server.type(key) == b"hash"]
    return repr([keys, lists, hashes])


def test_nothing_that_people_type_or_are_sent_stands_in_a_log(stack, visitor, unique_slug):
    base, host = "localhost", f"{unique_slug}.localhost"
    address, stranger = f"canary@{unique_slug}.test", f"stranger@{unique_slug}.test"
    answer = visitor(
        base, "/signup/", organization=unique_slug, subdomain=unique_slug, full_name="Canary",
        email=address, password=PASSWORD, terms="on",
    )  # fmt: skip
    assert answer.status_code == 303
    token = answer.headers["Location"].split("token=")[1]
    requests.get(
        f"http://127.0.0.1:{stack.port}/accounts/handoff/?token={token}",
        headers={"Host": f"{host}:{stack.port}"}, allow_redirects=False, timeout=60,
    )  # fmt: skip
    code_email = stack.wait_for_email(address, "code")
    visitor(host, "/accounts/password/reset/", email=address)
    reset_email = stack.wait_for_email(address, "password")
    key = reset_email["Text"].split("/password/reset/key/")[1].split("/")[0]
    get(stack, host, f"/accounts/password/reset/key/{key}/")
    get(stack, host, f"/nowhere/{stranger}/?password={PASSWORD}&token={token}")

    break_sign_in(stack, unique_slug)
    broken = visitor(host, "/accounts/login/", login=address, password=PASSWORD)

    assert broken.status_code == 500
    wait_until(lambda: "UndefinedColumn" in written(stack)["web.log"], "the traceback")
    code = next(word for word in code_email["Text"].split() if len(word) == 9 and word[4] == "-")
    logs = written(stack)
    assert "Sent welcome" in logs["worker.log"]
    assert "/accounts/handoff/" in logs["web.log"]
    everything = json.dumps(logs) + queued_forever(stack)
    for secret in (address, stranger, PASSWORD, "battery", token, key, code):
        assert secret not in everything


def get(stack, host, path):
    return requests.get(
        f"http://127.0.0.1:{stack.port}{path}",
        headers={"Host": f"{host}:{stack.port}"}, allow_redirects=False, timeout=60,
    )  # fmt: skip


def break_sign_in(stack, slug):
    """Take a column away that signing in to this tenant asks for."""
    ((schema,),) = stack.query(
        "SELECT schema_name FROM public.tenants_tenant WHERE slug = %s", slug
    )
    with psycopg.connect(stack.database) as plain:
        plain.execute(f'ALTER TABLE "{schema}".accounts_user RENAME COLUMN email TO gone')
