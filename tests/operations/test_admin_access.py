"""The operators' console: who gets in, who operates, under which policy."""

import re
from itertools import product

from django.conf import settings
from django.contrib.contenttypes.models import ContentType

from accounts.models import User
from tasks.models import Message
from tenants.models import Tenant
from tests.contexts import public_context
from tests.fixtures import PASSWORD
from tests.operators import reloaded, rows

INDEX = "/operator/"
TENANTS = "/operator/tenants/tenant/"
OPERATORS = "/operator/accounts/user/"
OUTBOX = "/operator/tasks/message/"
LOGIN = "/operator/accounts/login/"
State = Message.State


# --- Who gets in ---


def test_an_id_that_can_be_nobodys_is_refused_and_breaks_nothing(operator_client):
    pages = [OPERATORS + "{}/deactivate/", OUTBOX + "{}/resend_one/"]
    pages += [TENANTS + page for page in ("{}/suspend/", "{}/delete_permanently/")]

    for page in pages:
        for made_up in ("no-number", "b0bbe0de-0000-4000-8000-000000000001"):
            assert operator_client.get(page.format(made_up)).status_code == 403, page


def test_rows_have_no_page_elsewhere_to_be_sent_to(operator_client):
    """Django's own way there breaks on a key that isn't of the model's kind."""
    with public_context():
        models = [ContentType.objects.get_for_model(model).pk for model in (Tenant, User)]

    for model, key in product(models, ("66", "no-number")):
        assert operator_client.get(f"{INDEX}r/{model}/{key}/").status_code == 404


def test_a_visitor_is_sent_to_allauths_sign_in(base_client, db):
    response = base_client.get(TENANTS, follow=True)

    assert [url for url, _status in response.redirect_chain][-1] == f"{LOGIN}?next={TENANTS}"
    assert response.status_code == 200


def test_an_operator_signs_in_with_a_cookie_of_its_own(base_client, make_operator, db):
    operator = make_operator()

    response = base_client.post(LOGIN, {"login": operator.email, "password": PASSWORD})

    assert response.url == INDEX
    assert settings.SESSION_COOKIE_NAME not in response.cookies
    cookie = response.cookies[settings.OPERATOR_COOKIE_NAME]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (INDEX, True, "Lax")
    assert base_client.get(INDEX).status_code == 200


def test_a_tenants_password_opens_nothing_here(base_client, acme, make_user, make_operator):
    owner = make_user(acme, "ada@acme.test", role="owner", is_staff=True, is_superuser=True)
    make_operator()

    response = base_client.post(LOGIN, {"login": owner.email, "password": PASSWORD})

    assert response.status_code == 200
    assert settings.OPERATOR_COOKIE_NAME not in response.cookies
    assert base_client.get(INDEX).status_code == 302


def test_a_tenants_session_opens_nothing_here(base_client, acme, make_user, client_of):
    owner = make_user(acme, "ada@acme.test", role="owner", is_staff=True, is_superuser=True)
    session = client_of(acme, owner).cookies[settings.SESSION_COOKIE_NAME].value

    for name in (settings.SESSION_COOKIE_NAME, settings.OPERATOR_COOKIE_NAME):
        base_client.cookies[name] = session

        assert base_client.get(INDEX).status_code == 302


def test_an_operators_session_and_password_open_no_tenant(
    operator_client, acme, globex, client_of, make_user
):
    make_user(globex, "operator@example.test")
    session = operator_client.cookies[settings.OPERATOR_COOKIE_NAME].value
    client = client_of(acme)
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    client.cookies[settings.OPERATOR_COOKIE_NAME] = session

    assert client.get("/").status_code == 302
    client.post("/accounts/login/", {"login": "operator@example.test", "password": PASSWORD})
    assert client.get("/").status_code == 302


def test_the_console_is_on_no_tenants_host(acme, client_of, make_user):
    owner = make_user(acme, role="owner", is_staff=True, is_superuser=True)

    assert client_of(acme, owner).get(INDEX).status_code == 404


def test_signing_out_ends_the_session(operator_client):
    response = operator_client.post("/operator/logout/")

    assert response.url == LOGIN
    assert operator_client.get(INDEX).status_code == 302


def test_a_public_user_who_is_no_operator_is_refused(base_client, db):
    with public_context():
        user = User.objects.create_user("guest@example.test", PASSWORD, full_name="Guest")
        user.emailaddress_set.update(verified=True)
        base_client.force_login(user)
    base_client.cookies[settings.OPERATOR_COOKIE_NAME] = base_client.cookies.pop(
        settings.SESSION_COOKIE_NAME
    ).value

    response = base_client.get(INDEX, follow=True)

    assert response.status_code == 403


# --- Policy ---


def test_only_the_consoles_pages_may_evaluate_scripts(operator_client):
    console = operator_client.get(INDEX).headers["Content-Security-Policy"]
    others = [
        operator_client.get(url).headers["Content-Security-Policy"]
        for url in ("/", "/signup/", LOGIN + "?next=/")
    ]

    assert "script-src 'self' 'unsafe-eval'" in console
    assert "style-src 'self' 'unsafe-inline'" in console
    assert "default-src 'none'" in console
    assert [policy for policy in others if "unsafe" in policy] == []


# --- Operators ---


def test_operators_are_listed_and_no_tenants_people(operator_client, acme, make_user):
    make_user(acme, "ada@acme.test", is_staff=True, full_name="Ada")

    assert rows(operator_client.get(OPERATORS)) == ["Olga Operator"]


def add_operator(client, email="new@example.test"):
    return client.post(
        f"{OPERATORS}add/",
        {"email": email, "full_name": "Nina", "password1": PASSWORD, "password2": PASSWORD},
    )


def test_an_added_operator_is_complete_and_can_sign_in(operator_client, base_client, client_of):
    assert add_operator(operator_client).status_code == 302

    with public_context():
        user = User.objects.get(email="new@example.test")
        assert (user.is_staff, user.is_superuser, user.profile.pk) == (True, True, user.pk)
        assert user.emailaddress_set.get().verified
        assert not Message.objects.exists()
    response = base_client.post(LOGIN, {"login": user.email, "password": PASSWORD})
    assert response.status_code == 302


def test_an_address_is_added_once(operator_client):
    response = add_operator(operator_client, "OPERATOR@example.test")

    assert "already belongs to an operator" in response.content.decode()
    with public_context():
        assert User.objects.count() == 1


def test_a_deactivated_operator_is_out_at_once(operator_client, make_operator, client):
    other = make_operator("other@example.test")
    client = type(client)(SERVER_NAME=settings.BASE_DOMAIN)
    client.post(LOGIN, {"login": other.email, "password": PASSWORD})
    assert client.get(INDEX).status_code == 200

    operator_client.post(f"{OPERATORS}{other.pk}/deactivate/", {"_form_submitted": "true"})

    assert client.get(INDEX).status_code == 302
    with public_context():
        assert not other.usersession_set.exists()
    operator_client.post(f"{OPERATORS}{other.pk}/reactivate/", {"_form_submitted": "true"})
    assert reloaded(other).is_active


def test_nobody_locks_themselves_out(operator_client):
    with public_context():
        me = User.objects.get()

    response = operator_client.post(f"{OPERATORS}{me.pk}/deactivate/", {"_form_submitted": "true"})

    assert response.status_code == 403
    assert reloaded(me).is_active


# --- Words ---


def test_the_list_is_called_what_the_menu_calls_it(operator_client):
    page = operator_client.get(OPERATORS).content.decode()

    assert re.search(r"<title>\s*Operators", page)
    assert not re.search(r">\s*Users\s*<", page)


# --- Language ---


def test_an_operator_switches_the_language_which_comes_before_the_accounts(operator_client):
    english = operator_client.get(INDEX).content.decode()
    operator_client.post("/language/", {"language": "ko", "next": INDEX})

    korean = operator_client.get(INDEX).content.decode()

    assert 'action="/language/"' in english
    assert 'lang="en"' in english
    assert 'lang="ko"' in korean


def test_tenants_and_their_filters_are_korean_in_whole(operator_client, acme):
    operator_client.post("/language/", {"language": "ko", "next": INDEX})

    narrowed = operator_client.get(TENANTS).text
    page = operator_client.get(f"{TENANTS}{acme.pk}/change/").text

    assert re.findall(r'placeholder="(시작|끝|From|To|받는 사람)"', narrowed) == ["시작", "끝"]
    assert "(으)로" not in narrowed
    assert not re.search(r">\s*(Domain|Is primary|Primary)\s*<", page)
