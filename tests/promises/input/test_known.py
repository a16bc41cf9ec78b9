"""What once broke a page, each as it was found; the walk would find it again by chance alone."""

import json
from base64 import urlsafe_b64encode
from itertools import product

import pytest

from tests.promises.input import corpus
from tests.promises.input.people import encoded
from tests.promises.input.routes import BASE, TENANT
from tests.promises.input.test_forms import GROWN

pytestmark = pytest.mark.django_db


def key(value, pk=corpus.NOBODY):
    return urlsafe_b64encode(json.dumps([value, pk]).encode()).decode().rstrip("=")


KEYS = {
    "the end of time": key("9999-12-31T23:59:59-23:59"),
    "before time": key("0001-01-01T00:00:00+23:59"),
    "half a pair": key("\ud800"),
    "a NUL": key("a\0b"),
    "a depth": urlsafe_b64encode(b"[" * 30_000).decode(),
    "a long number": urlsafe_b64encode(b"9" * 5_000).decode(),
    "an object": urlsafe_b64encode(b'{"a": 1}').decode(),
    "no base64": "é",
}


def test_a_page_key_of_somebodys_own_shows_the_first_page(asks):
    owner = asks(TENANT, "owner")
    for made_up, sort in product(KEYS.values(), ("name", "joined", "-seen")):
        for path, way in (("members/", "after"), ("members/", "before"), ("messages/", "after")):
            answer = owner.ask("GET", f"/console/{path}", encoded({way: made_up, "sort": sort}))
            assert answer.status_code == 200
    owner.is_content()


LISTS = ("tenants/tenant/", "tasks/message/", "accounts/user/", "tenants/domain/")
QUERIES = (
    "q=%00", "tenant=%00", "p=abc", "p=-1", "p=99999999999999999999999", "p=150000000", "o=x.y",
    "e=1", "all=", "state__exact=%00", "status__exact=nonsense", "created_at_from=x", "nonsense=1",
)  # fmt: skip
WORDS = ("abc", "9" * 30, corpus.NOBODY, "%20", "..", "%00", "-1")
PAGES = (
    "tenants/tenant/%s/change/",
    "tenants/tenant/%s/suspend/",
    "tenants/tenant/%s/delete_permanently/",
    "tasks/message/%s/change/",
    "tasks/message/%s/resend_one/",
    "accounts/user/%s/deactivate/",
    "accounts/user/%s/history/",
    "r/%s/%s/",
    "r/1/%s/",
)


def test_an_operators_list_survives_its_address(asks):
    operator = asks(BASE, "operator")
    for path, query in product(LISTS, QUERIES):
        assert operator.ask("GET", f"/operator/{path}", query).status_code in {200, 302, 400}

    operator.is_content()


def test_an_operators_address_of_no_row_is_not_found(asks):
    operator = asks(BASE, "operator")
    for path, word, method in product(PAGES, WORDS, ("GET", "POST")):
        operator.ask(method, "/operator/" + path.replace("%s", word))

    operator.is_content()


def test_an_operators_form_that_names_an_empty_field_is_refused(asks, ids):
    operator, rows = asks(BASE, "operator"), ids(BASE)
    for way in ("_to_field=", "_to_field=&_popup=1", "_to_field=nonsense"):
        for page, row in product(LISTS, rows):
            operator.ask("POST", f"/operator/{page}{row}/change/", body=way.encode())

    operator.is_content()


@pytest.mark.parametrize("path", ["tenants/tenant/", "tasks/message/"])
def test_rows_that_are_none_can_not_be_selected(asks, path):
    operator = asks(BASE, "operator")
    action = "suspend_selected" if "tenant" in path else "resend_selected"
    typed = encoded({"action": action, "_selected_action": "abc"}).encode()

    assert operator.ask("POST", f"/operator/{path}", body=typed).status_code == 400


ENTRANCES = ("/accounts/handoff/", "/accounts/login/", "/accounts/verify/", "/language/")
WORDS_FOR_NEXT = (*corpus.ELSEWHERE, "[]", "no-such-view", "http://[::1")


@pytest.mark.parametrize("name", ["visitor", "owner", "unverified"])
def test_nobody_is_led_elsewhere(asks, dice, full, name):
    person = asks(TENANT, name)
    for path in ENTRANCES:
        for to in WORDS_FOR_NEXT if full else dice.sample(WORDS_FOR_NEXT, 8):
            query = encoded({"next": to})
            person.ask("GET", path, query)
            typed = {"next": to, "login": "mia@acme.test", "password": corpus.PASSWORD}
            person.ask("POST", path, query, body=encoded(typed).encode())
    person.is_content()


def test_a_way_on_to_a_page_of_the_host_is_kept(asks):
    typed = {"next": "/account/", "login": "mia@acme.test", "password": corpus.PASSWORD}

    answer = asks(TENANT, "visitor").ask("POST", "/accounts/login/", body=encoded(typed).encode())

    assert answer["Location"] == "/account/"


def test_another_charset_is_refused_with_a_sentence(asks):
    visitor = asks(BASE, "visitor")
    for kind in corpus.CONTENT_TYPES:
        if "charset" in kind:
            answer = visitor.ask("POST", "/find/", body=b"a=\xff", content_type=kind)
            assert answer.status_code == 415
            assert b"UTF-8" in answer.content


def test_utf_8_by_any_of_its_names_is_none(asks):
    for name in ("utf-8", "UTF-8", "utf8", '"utf-8"'):
        kind = f"application/x-www-form-urlencoded; charset={name}"
        answer = asks(BASE, "visitor").ask("POST", "/find/", body=b"email=x", content_type=kind)
        assert answer.status_code == 200


def test_an_address_that_grows_is_no_way_to_break_a_form(asks, sign_up_data):
    visitor = asks(BASE, "visitor")

    for path, typed in (("/signup/", sign_up_data(email=GROWN)), ("/find/", {"email": GROWN})):
        answer = visitor.ask("POST", path, body=encoded(typed).encode())
        assert b"at most 254 characters" in answer.content

    typed = {"action_add": "", "email": GROWN}
    asks(TENANT, "owner").ask("POST", "/accounts/email/", body=encoded(typed).encode())
    visitor.is_content()


def test_a_method_that_a_page_does_not_take_is_refused_with_a_sentence(asks):
    answer = asks(BASE, "visitor").ask("DELETE", "/terms/")

    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"
    assert b"<h1>Not this way</h1>" in answer.content


def test_a_picture_of_two_megabytes_fits_and_nothing_else_does(asks):
    """What is too large for a picture, and fits the page, loses nothing: the form says it."""
    owner, member = asks(TENANT, "owner"), asks(TENANT, "member")
    kind = "multipart/form-data; boundary=b"
    head = b'--b\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'

    def sent(person, path, size):
        body = head + b"x" * size + b"\r\n--b--\r\n"
        return person.ask("POST", path, body=body, content_type=kind).status_code

    assert sent(owner, "/account/picture/", 2 * 1024 * 1024 + 10) == 422
    assert sent(owner, "/account/picture/", 3 * 1024 * 1024) == 413
    assert sent(member, "/account/", 2 * 1024 * 1024) == 413
    assert sent(asks(TENANT, "visitor"), "/account/picture/", 2 * 1024 * 1024) == 413
