"""Every kind of answer, from a web process in production's settings, carries every header."""

import re
import subprocess
import sys
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

import psycopg
import pytest
import requests

from dev.paths import ROOT
from tests.fixtures import PASSWORD
from tests.promises.production import Visitor
from tests.stacks import Stack

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("production")]

YEAR = "max-age=31536000"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self' https://*.localhost",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "manifest-src": "'self'",
}
# What the operators' console is made of needs these, and nothing else.
LAXER = {**POLICY, "script-src": "'self' 'unsafe-eval'", "style-src": "'self' 'unsafe-inline'"}
STRICT = {
    "Content-Security-Policy": ".+",
    "Strict-Transport-Security": f"{YEAR}; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin|no-referrer",
    "Permissions-Policy": r".*camera=\(\), .*",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": r"\?1",
    "Cache-Control": "(.*, )?no-store(, .*)?",
}
KEPT = {"Cache-Control": r"max-age=\d+, public(, immutable)?"}
# A page without anybody's data may stand behind the back button, and in no shared cache.
ASKED_AGAIN = {"Cache-Control": "no-cache, private|private, no-cache"}


@pytest.fixture(scope="module")
def base(production) -> Visitor:
    return Visitor(production.port, "localhost")


@pytest.fixture(scope="module")
def owner(production) -> Visitor:
    """Somebody who has just opened an organisation, on its host."""
    visitor = Visitor(production.port, "localhost")
    visitor.ask("GET", "/signup/")
    answer = visitor.post(
        "/signup/",
        organization="Initech",
        subdomain="initech",
        full_name="Peter Gibbons",
        email="peter@initech.test",
        password=PASSWORD,
        terms="on",
    )
    at = urlsplit(answer.headers["Location"])
    visitor.set_cookies += (member := Visitor(production.port, at.netloc)).set_cookies
    assert member.ask("GET", f"{at.path}?{at.query}").status_code == 302
    member.ask("GET", "/account/")
    return member


def policy_of(answer: requests.Response) -> dict[str, str]:
    """The directives, with nonces left out: each page has its own."""
    policy = re.sub(r" 'nonce-[^']+'", "", answer.headers["Content-Security-Policy"])
    return dict(directive.split(" ", 1) for directive in policy.split("; "))


def static_file(visitor: Visitor) -> str:
    page = visitor.ask("GET", "/").text
    return re.search(r'href="(/static/[^"]+theme[^"]*\.css)"', page)[1]


def suspended(production: Stack) -> Visitor:
    production.manage("suspend_tenant", "globex")
    return Visitor(production.port, "globex.localhost")


def schema_of_initech(production: Stack) -> str:
    found = "SELECT schema_name FROM public.tenants_tenant WHERE slug = 'initech'"
    ((schema,),) = production.query(found)
    return schema


def altered(production: Stack, statement: str, back: str, visitor: Visitor, path: str):
    """What somebody sees while something is different in the tables."""
    schema = schema_of_initech(production)
    with psycopg.connect(production.database) as plain:
        plain.execute(statement.format(schema))
    try:
        return visitor.ask("GET", path)
    finally:
        with psycopg.connect(production.database) as plain:
            plain.execute(back.format(schema))


def broken(production: Stack, owner: Visitor) -> requests.Response:
    """A page of somebody's, while a column that it needs is called something else."""
    rename = 'ALTER TABLE "{}".accounts_user RENAME COLUMN '
    names = ("full_name TO gone", "gone TO full_name")
    return altered(production, *(rename + name for name in names), owner, "/")


def as_a_member(production: Stack, owner: Visitor) -> requests.Response:
    """The console, as somebody sees it who may not."""
    change = 'UPDATE "{}".accounts_user SET role = '
    return altered(production, change + "'member'", change + "'owner'", owner, "/console/")


def bad_form(visitor: Visitor) -> requests.Response:
    """A form without a boundary: looked at once the cookie says that a token is in it."""
    visitor.ask("GET", "/signup/")
    headers = {"Content-Type": "multipart/form-data"}
    return visitor.ask("POST", "/signup/", data="x", headers=headers)


def sent(visitor: Visitor, **typed: str) -> requests.Response:
    visitor.ask("GET", "/signup/")
    return visitor.post("/signup/", **typed)


def too_often(visitor: Visitor) -> requests.Response:
    visitor.ask("GET", "/find/")
    answers = [visitor.post("/find/", email="a@example.test") for _ in range(11)]
    return answers[-1]


def refused_by_allauth(production: Stack) -> requests.Response:
    visitor = Visitor(production.port, "acme.localhost")
    visitor.ask("GET", "/accounts/password/reset/")
    answers = [visitor.post("/accounts/password/reset/", email="a@a.test") for _ in range(6)]
    return answers[-1]


# Each kind of answer: its status, how to get it, and which headers differ from the strict ones.
KINDS = {
    "landing": (200, lambda p, b, o: b.ask("GET", "/"), ASKED_AGAIN),
    "terms": (200, lambda p, b, o: b.ask("GET", "/terms/"), ASKED_AGAIN),
    "options": (405, lambda p, b, o: b.ask("OPTIONS", "/"), ASKED_AGAIN),
    "sign-up": (200, lambda p, b, o: b.ask("GET", "/signup/"), {}),
    "invalid form": (422, lambda p, b, o: sent(b, organization="A"), {}),
    "sign-in": (200, lambda p, b, o: Visitor(b.port, o.host).ask("GET", "/accounts/login/"), {}),
    "own page": (200, lambda p, b, o: o.ask("GET", "/account/"), {}),
    "console": (200, lambda p, b, o: o.ask("GET", "/console/"), {}),
    "head": (200, lambda p, b, o: o.ask("HEAD", "/"), {}),
    "to sign-in": (302, lambda p, b, o: Visitor(b.port, o.host).ask("GET", "/"), {}),
    "no slash": (301, lambda p, b, o: b.ask("GET", "/terms"), {}),
    "to operators' sign-in": (302, lambda p, b, o: b.ask("GET", "/operator/"), {}),
    "operators' sign-in": (200, lambda p, b, o: b.ask("GET", "/operator/accounts/login/"), {}),
    "static": (200, lambda p, b, o: b.ask("GET", static_file(b)), KEPT),
    "static on a tenant's host": (200, lambda p, b, o: o.ask("GET", static_file(b)), KEPT),
    "no such static": (404, lambda p, b, o: b.ask("GET", "/static/none.css"), {}),
    "healthz": (200, lambda p, b, o: b.ask("GET", "/healthz"), {}),
    "readyz": (200, lambda p, b, o: b.ask("GET", "/readyz"), {}),
    "bad host": (400, lambda p, b, o: Visitor(b.port, "a_b..!").ask("GET", "/"), {
        "Strict-Transport-Security": YEAR}),
    "bad form": (400, lambda p, b, o: bad_form(b), {}),
    "forbidden": (403, lambda p, b, o: as_a_member(p, o), {}),
    "old form": (403, lambda p, b, o: Visitor(b.port, "localhost").post("/signup/"), {}),
    "suspended": (403, lambda p, b, o: suspended(p).ask("GET", "/"), {}),
    "nothing": (404, lambda p, b, o: o.ask("GET", "/nothing/"), {}),
    "unknown host": (404, lambda p, b, o: Visitor(b.port, "nobody.localhost").ask("GET", "/"), {}),
    "foreign host": (404, lambda p, b, o: Visitor(b.port, "other.test").ask("GET", "/"), {
        "Strict-Transport-Security": YEAR}),
    "too much": (413, lambda p, b, o: sent(b, organization="a" * 2_000_000), {}),
    "too often": (429, lambda p, b, o: too_often(b), {}),
    "too often for allauth": (429, lambda p, b, o: refused_by_allauth(p), {}),
    "broken": (500, lambda p, b, o: broken(p, o), {}),
}  # fmt: skip


LAX = {"to operators' sign-in"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_carries_every_header(production, base, owner, kind):
    status, ask, differing = KINDS[kind]

    answer = ask(production, base, owner)

    assert answer.status_code == status
    wanted = {**STRICT, **differing}
    weak = {
        name: answer.headers.get(name)
        for name, value in wanted.items()
        if not re.fullmatch(value, answer.headers.get(name, "none"))
    }
    assert weak == {}
    assert policy_of(answer) == (LAXER if kind in LAX else POLICY)
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_unchanged_file_carries_them_as_well(base):
    path = static_file(base)
    known = base.ask("GET", path).headers["Last-Modified"]

    answer = base.ask("GET", path, headers={"If-Modified-Since": known})

    assert answer.status_code == 304
    assert set(STRICT) <= set(answer.headers)


def test_plain_http_is_sent_on_and_promises_nothing(production):
    answer = Visitor(production.port, "localhost", scheme="http").ask("GET", "/signup/")

    assert (answer.status_code, answer.headers["Location"]) == (301, "https://localhost/signup/")
    assert set(STRICT) - set(answer.headers) == {"Strict-Transport-Security"}


def test_cookies_are_locked_to_their_host(production, owner, base):
    base.ask("GET", "/signup/")
    base.post("/language/", language="ko")

    cookies = [SimpleCookie(line) for line in base.set_cookies + owner.set_cookies]
    found = {name: morsel for cookie in cookies for name, morsel in cookie.items()}

    assert set(found) == {"__Host-session", "__Host-csrf", "__Host-language", "__Host-device"}
    for morsel in found.values():
        assert (morsel["path"], morsel["domain"], morsel["samesite"]) == ("/", "", "Lax")
        assert (morsel["secure"], morsel["httponly"]) == (True, True)


def test_the_operators_cookie_goes_to_the_operators_pages_alone(production):
    made = [sys.executable, "manage.py", "create_operator", "olga@example.test", "--name=Olga"]
    subprocess.run(
        [*made, "--password-stdin"],
        cwd=ROOT,
        env=production.environment,
        input=PASSWORD.encode(),
        check=True,
    )
    visitor = Visitor(production.port, "localhost")
    visitor.ask("GET", "/operator/accounts/login/")

    visitor.post("/operator/accounts/login/", login="olga@example.test", password=PASSWORD)

    cookies = [SimpleCookie(line) for line in visitor.set_cookies]
    found = {name: morsel for cookie in cookies for name, morsel in cookie.items()}
    assert found.pop("__Host-csrf")["path"] == "/"
    assert set(found) == {"__Secure-operator", "__Secure-operator-device"}
    for own in found.values():
        assert (own["path"], own["domain"], own["samesite"]) == ("/operator/", "", "Lax")
        assert (own["secure"], own["httponly"]) == (True, True)
    page = visitor.ask("GET", "/operator/")
    assert page.status_code == 200
    assert policy_of(page) == LAXER
    assert "no-store" in page.headers["Cache-Control"]


def test_a_stranger_is_not_told_which_part_is_away(production, base):
    told = requests.get(f"http://127.0.0.1:{production.port}/readyz", timeout=60).json()

    assert base.ask("GET", "/readyz").json() == {"status": "ok"}
    assert told == {
        "status": "ok",
        "database": True,
        "redis": True,
        "migrations": True,
        "roles": True,
    }
