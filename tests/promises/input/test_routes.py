"""Every address, asked for by everybody in every way: a page, a save, or a clear refusal."""

from urllib.parse import urljoin, urlsplit

import pytest

from tests.promises.conftest import scaled
from tests.promises.input import corpus
from tests.promises.input.conftest import ASKING
from tests.promises.input.pages import forms_in
from tests.promises.input.people import address, encoded, parameters_in
from tests.promises.input.routes import BASE, TENANT, routes_of

pytestmark = [pytest.mark.long, pytest.mark.django_db]

# Names that no page shows and some view reads, or once did.
HIDDEN = {"next", "token", "q", "p", "e", "o", "after", "before", "subdomain", "organization"} | {
    "action", "_selected_action", "_popup", "_to_field", "_changelist_filters", "term",
    "app_label", "model_name", "field_name", "s", "extended", "confirmed", "language",
}  # fmt: skip


@pytest.mark.parametrize(("urlconf", "name"), ASKING)
def test_every_address_answers_everybody_clearly(asks, ids, dice, full, figure, urlconf, name):
    person, pool = asks(urlconf, name), ids(urlconf)
    for route in routes_of(urlconf):
        for _ in range(scaled(7, quick=1)):
            attack(person, route, pool, dice, 7 if full else 3)

    figure("Bad input", f"requests by {name} on {urlconf}", person.asked)
    person.is_content()


def attack(person, route, pool, dice, how_many):
    """Ask for an address as it is meant, and then in some of the ways that it is not."""
    path = address(route.template, {name: dice.choice(pool) for name in route.names})
    page = person.ask("GET", path)
    names = sorted(parameters_in(b"".join(page).decode("utf-8", "replace")) | HIDDEN)
    some = encoded({name: dice.choice(corpus.TEXTS) for name in dice.sample(names, 4)})
    away = encoded({name: dice.choice(corpus.ELSEWHERE) for name in ("next", dice.choice(names))})
    nasty = address(route.template, {name: dice.choice(corpus.TEXTS[1:]) for name in route.names})
    method, header = dice.choice(corpus.METHODS), dice.choice(sorted(corpus.HEADERS))
    typed = encoded({name: dice.choice(corpus.TEXTS) for name in names}).encode()
    parts = "multipart/form-data; boundary=b"
    kind = dice.choice((*corpus.CONTENT_TYPES, parts, parts))
    ways = [
        {"path": nasty, "method": dice.choice(("GET", "POST"))},
        {"query": some, "headers": {header: dice.choice(corpus.HEADERS[header])}},
        {"query": away},
        {"query": away, "method": method, "body": away.encode(), "csrf": dice.random() < 0.3},
        {"method": "POST", "body": typed},
        {"method": "POST", "body": dice.choice(corpus.BODIES), "content_type": kind},
        {"headers": {"HTTP_HOST": dice.choice(corpus.HOSTS)}},
    ]
    for way in dice.sample(ways, how_many):
        person.ask(**{"method": "GET", "path": path, **way})


@pytest.mark.parametrize(("urlconf", "name"), ASKING)
def test_every_form_keeps_or_refuses_whatever_is_typed(asks, ids, dice, figure, urlconf, name):
    person, pool = asks(urlconf, name), ids(urlconf)
    forms = forms_for(person, pool, dice)
    for form, action in forms:
        fields = sorted(form.fields)
        for field in dice.sample(fields, scaled(len(fields), quick=1)):
            for value in dice.sample(corpus.TEXTS, scaled(20, quick=3)):
                send(person, form, action, {**form.fields, field: value})

    figure("Bad input", f"forms filled in by {name} on {urlconf}", len(forms))
    person.is_content()


def forms_for(person, pool, dice):
    """Return each shape of form that somebody is shown, with where it goes."""
    found = {}
    for route in routes_of(person.urlconf):
        for _ in range(3 if route.names else 1):
            path = address(route.template, {name: dice.choice(pool) for name in route.names})
            page = person.ask("GET", path)
            if page.status_code == 200 and "html" in page.get("Content-Type", ""):
                for form in forms_in(b"".join(page).decode()):
                    action = urlsplit(urljoin(path, form.action)).path
                    found.setdefault(
                        (action if not route.names else "", *form.shape), (form, action)
                    )
    return list(found.values())


def send(person, form, action, typed):
    if form.method == "GET":
        person.ask("GET", action, encoded(typed))
    else:
        person.ask("POST", action, body=encoded(typed).encode())


def test_the_walk_reaches_what_it_should(asks, ids):
    """A walk that finds nothing would find nothing wrong."""
    assert len(routes_of(BASE)) > 40
    assert {"console/messages/%(message_id)s/resend/", "accounts/login/", ""} <= {
        route.template for route in routes_of(TENANT)
    }
    assert "operator/tasks/message/%(object_id)s/change/" in {
        route.template for route in routes_of(BASE)
    }
    owner = asks(TENANT, "owner")
    pages = [owner.ask("GET", path).status_code for path in ("/", "/console/", "/account/")]
    assert pages == [200, 200, 200]
    operator = asks(BASE, "operator")
    assert operator.ask("GET", "/operator/tasks/message/").status_code == 200


def test_a_fault_is_found(asks, monkeypatch):
    """Break a page, and the judge says so."""
    from accounts.console import overview

    def broken(*_args):
        raise ValueError("no such thing")

    monkeypatch.setattr(overview, "render", broken)
    owner = asks(TENANT, "owner")

    owner.ask("GET", "/console/")

    assert "no such thing" in next(iter(owner.faults.values()))
