"""No visitor chooses the script name: roles, cookies and links hang on the path alone."""

import re
import socket
from urllib.parse import urlsplit

import pytest
from django.test.utils import override_script_prefix

from accounts.sign_in.adapters import AccountAdapter
from tenancy.context import workspace_context
from tests.fixtures import PASSWORD
from tests.inbox import emails_to
from tests.promises.production import Visitor

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("production")]

# A page of each URL root, and of what is answered in front of them.
PAGES = {
    "localhost": ("/", "/signup/", "/find/", "/operator/", "/operator/accounts/login/", "/healthz"),
    "acme.localhost": ("/", "/accounts/login/", "/account/", "/console/", "/healthz"),
}
ADDRESSES = [(host, path) for host, paths in PAGES.items() for path in paths]


def told(answer):
    return answer.status_code, answer.headers.get("Location")


@pytest.mark.parametrize(("host", "path"), ADDRESSES)
@pytest.mark.parametrize(
    "forged",
    [
        {"SCRIPT_NAME": "/moved"},
        {"SCRIPT-NAME": "/moved"},
        {"PATH_INFO": "/operator/accounts/login/"},
        {"REMOTE_USER": "olga@example.test", "REMOTE_ADDR": "127.0.0.1"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_a_header_changes_no_variable_of_the_server(production, host, path, forged):
    visitor = Visitor(production.port, host)

    assert told(visitor.ask("GET", path, headers=forged)) == told(visitor.ask("GET", path))
    # Below a script name of the visitor's own there is no page.
    moved = visitor.ask("GET", f"/moved{path}", headers=forged)
    assert told(moved) == told(visitor.ask("GET", f"/moved{path}"))
    assert "/moved/" not in moved.headers.get("Location", "").removeprefix("/moved")


@pytest.mark.parametrize(
    "target",
    [
        "/operator/../x/operator/accounts/login/",
        "/operator/%2e%2e/x/operator/",
        "/operator%2f..%2f",
        "/..",
    ],
)
@pytest.mark.parametrize("host", PAGES)
def test_an_address_with_two_dots_is_refused(production, host, target):
    status, headers = raw(production.port, host, target, "SCRIPT_NAME: /operator/../x")

    assert status == 400
    assert b"__Secure-operator" not in headers


def raw(port, host, target, header):
    """Ask for an address as it stands: a client library would resolve its dots."""
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", "X-Forwarded-Proto: https", header]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as wire:
        wire.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    head, _, _ = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), head


def test_a_link_in_an_email_begins_with_the_tenants_own_host(production):
    open_tenant(production, "vandelay", "art@vandelay.test")
    visitor = Visitor(production.port, "vandelay.localhost")
    evil = "/moved-to:(https://reset.evil.example"
    page = "/accounts/password/reset/"
    visitor.ask("GET", page)

    assert visitor_asks(visitor, f"{evil}{page}", {"SCRIPT_NAME": evil}).status_code == 404
    assert visitor_asks(visitor, page, {"SCRIPT_NAME": "/accounts"}).status_code == 302

    production.manage("relay_outbox")
    texts = [email["Text"] for email in emails_to("art@vandelay.test")]
    links = [link for text in texts for link in re.findall(r"https?://\S+", text)]
    assert any("/accounts/password/reset/key/" in link for link in links)
    assert {urlsplit(link).netloc for link in links} == {"vandelay.localhost"}
    assert not any("moved-to" in text or "evil" in text for text in texts)


def visitor_asks(visitor, path, headers):
    token = visitor.cookies["__Host-csrf"]
    typed = {"email": "art@vandelay.test", "csrfmiddlewaretoken": token}
    return visitor.ask("POST", path, data=typed, headers=headers)


def open_tenant(production, slug, email):
    visitor = Visitor(production.port, "localhost")
    visitor.ask("GET", "/signup/")
    answer = visitor.post(
        "/signup/",
        organization=slug.title(),
        subdomain=slug,
        full_name="Art Vandelay",
        email=email,
        password=PASSWORD,
        terms="on",
    )
    assert answer.status_code == 303


def test_a_script_name_that_a_server_passes_on_is_refused(base_client, acme, client_of):
    for client in (base_client, client_of(acme)):
        for path in ("/", "/healthz", "/operator/", "/accounts/login/"):
            assert client.get(path, SCRIPT_NAME="/moved").status_code == 400


def test_a_link_in_an_email_has_no_script_prefix(acme):
    adapter = AccountAdapter()
    with workspace_context(acme), override_script_prefix("/moved/"):
        link = adapter.get_reset_password_from_key_url("1-key")

    assert link == f"{acme.origin}/accounts/password/reset/key/1-key/"
