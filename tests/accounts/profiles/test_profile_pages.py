"""What people keep about themselves, in one tenant: profile, language, sessions."""

import re

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings

from accounts.models import Profile, User
from accounts.templatetags.people import browser
from tenancy.context import workspace_context
from tests.accounts.steps import is_in, session_key, sign_in

PAGE = "/account/"


def typed(**changes):
    return {
        "full_name": "Ada Lovelace",
        "language": "en",
        "time_zone": "Asia/Seoul",
        "job_title": "Analyst",
        "phone_number": "+82 2-312-3456",
        "country": "KR",
        "postal_code": "04524",
        "region": "",
        "locality": "Seoul",
        "address_line_1": "110 Sejong-daero",
        "address_line_2": "3rd floor",
        **changes,
    }


def person(tenant, user):
    with workspace_context(tenant):
        return User.objects.select_related("profile").get(pk=user.pk)


def test_a_profile_is_kept(acme, make_user, client_of, visible):
    user = make_user(acme)
    client = client_of(acme, user)

    response = client.post(PAGE, typed())

    assert response.url == PAGE
    kept = person(acme, user)
    assert (kept.full_name, kept.time_zone) == ("Ada Lovelace", "Asia/Seoul")
    assert (kept.profile.job_title, kept.profile.country.code) == ("Analyst", "KR")
    assert kept.profile.phone_number.as_e164 == "+8223123456"
    page = client.get(PAGE)
    assert "Your profile is saved." in visible(page)
    assert 'value="+82 2-312-3456"' in page.content.decode()


def test_the_same_id_in_another_tenant_is_another_profile(acme, globex, make_user, client_of):
    user = make_user(acme, full_name="Ada of Acme")
    with workspace_context(globex):
        User(pk=user.pk, email=user.email, full_name="Ada of Globex").save()

    client_of(acme, user).post(PAGE, typed())

    assert person(acme, user).full_name == "Ada Lovelace"
    assert person(globex, user).full_name == "Ada of Globex"
    assert person(globex, user).profile.job_title == ""


def test_saving_writes_what_the_form_shows_alone(acme, make_user, client_of):
    """Neither a role nor an address nor a picture can be typed in."""
    user = make_user(acme)

    client_of(acme, user).post(
        PAGE, typed(role="owner", email="root@example.test", is_staff="on", picture="../../x")
    )

    kept = person(acme, user)
    assert (kept.role, kept.email, kept.is_staff) == ("member", "ada@example.test", False)
    assert not kept.profile.picture


@pytest.mark.parametrize(
    ("typed_number", "country", "kept"),
    [
        ("+1 (202) 555-0123", "", "+12025550123"),
        ("0044 20 7946 0018", "KR", None),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+55 11 96123-4567", "", "+5511961234567"),
        ("02-312-3456", "KR", "+8223123456"),
        ("", "KR", ""),
        ("12345", "", None),
        ("02-312-3456", "", None),
        ("+999 123", "KR", None),
        ("call me", "KR", None),
    ],
)
def test_numbers_are_kept_in_e164_or_refused(
    acme, make_user, client_of, visible, typed_number, country, kept
):
    user = make_user(acme)

    response = client_of(acme, user).post(PAGE, typed(phone_number=typed_number, country=country))

    if kept is None:
        assert response.status_code == 422
        assert "This is no phone number we know." in visible(response)
        assert "like +82 2 312 3456" in visible(response)
        assert f'value="{typed_number}"' in response.content.decode()
    else:
        with workspace_context(acme):
            stored = Profile.objects.values_list("phone_number", flat=True).get(pk=user.pk)
        assert stored == kept


@pytest.mark.parametrize(
    "change",
    [
        {"full_name": ""},
        {"full_name": "x" * 65},
        {"full_name": "see www.evil.test"},
        {"time_zone": "Mars/Olympus"},
        {"language": "xx"},
        {"country": "XX"},
        {"job_title": "x" * 81},
    ],
)
def test_bad_input_changes_nothing_and_keeps_what_was_typed(acme, make_user, client_of, change):
    user = make_user(acme, full_name="Before")

    response = client_of(acme, user).post(PAGE, typed(**change))

    assert response.status_code == 422
    assert 'value="110 Sejong-daero"' in response.content.decode()
    kept = person(acme, user)
    assert (kept.full_name, kept.profile.locality) == ("Before", "")


def test_a_chosen_language_shows_at_once_and_beats_the_switch_on_the_page(
    acme, make_user, client_of
):
    client = client_of(acme, make_user(acme))
    client.post("/language/", {"language": "en", "next": PAGE})
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"

    client.post(PAGE, typed(language="ko"))

    assert '<html lang="ko"' in client.get(PAGE).content.decode()


def test_the_switch_on_the_page_is_kept_by_saving(acme, make_user, client_of):
    """The form proposes the language that somebody reads, not one they have left."""
    client = client_of(acme, make_user(acme, language="en"))
    client.post("/language/", {"language": "ko", "next": PAGE})

    assert '<option value="ko" selected>' in client.get(PAGE).content.decode()


def test_a_zone_this_machine_does_not_know_is_kept_on_offer(acme, make_user, client_of):
    user = make_user(acme, time_zone="Mars/Olympus")
    client = client_of(acme, user)

    assert '<option value="Mars/Olympus" selected>' in client.get(PAGE).content.decode()
    assert client.post(PAGE, typed(time_zone="Mars/Olympus")).status_code == 302


def test_the_unconfirmed_may_edit_their_profile(acme, make_user, client_of):
    user = make_user(acme, verified=False)

    client_of(acme, user).post(PAGE, typed())

    assert person(acme, user).full_name == "Ada Lovelace"


@pytest.mark.parametrize("page", ["", "picture/", "picture/remove/", "sessions/1/end/"])
def test_visitors_sign_in_first(acme, client_of, page):
    client = client_of(acme)

    assert client.post(f"/account/{page}", typed()).url.startswith("/accounts/login/?next=")


# --- Sessions ---


def signed_in(client, user):
    sign_in(client, user.email)
    return client


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/account/picture/", PAGE),
        ("/account/picture/remove/", PAGE),
        ("/account/sessions/1/end/", "/accounts/sessions/"),
    ],
)
def test_looking_where_a_form_is_sent_to_leads_to_the_form(
    acme, make_user, client_of, address, page
):
    client = client_of(acme, make_user(acme))

    assert client.get(address).url == page
    assert client.head(address).url == page
    assert client.put(address).status_code == 405


def test_a_refused_picture_leaves_the_profile_marked(acme, make_user, client_of):
    client = client_of(acme, make_user(acme))

    response = client.post("/account/picture/", {})

    assert response.status_code == 422
    assert 'href="/account/" aria-current="page"' in response.content.decode()


def session_of(tenant, client):
    with workspace_context(tenant):
        return UserSession.objects.get(session_key=session_key(client))


def test_a_session_is_ended_on_another_device(acme, make_user, client_of):
    user = make_user(acme)
    here, lost, third = (signed_in(client_of(acme), user) for _ in range(3))

    here.post(f"/account/sessions/{session_of(acme, lost).pk}/end/")

    assert [is_in(client) for client in (here, lost, third)] == [True, False, True]


def test_the_other_sessions_are_ended_together(acme, make_user, client_of):
    user = make_user(acme)
    here, lost = (signed_in(client_of(acme), user) for _ in range(2))

    here.post("/accounts/sessions/")

    assert [is_in(here), is_in(lost)] == [True, False]


def test_nobody_ends_anothers_session(acme, make_user, client_of):
    bob = signed_in(client_of(acme), make_user(acme, "bob@example.test"))
    ada = signed_in(client_of(acme), make_user(acme))

    response = ada.post(f"/account/sessions/{session_of(acme, bob).pk}/end/")

    assert response.status_code == 404
    assert is_in(bob)


def test_the_list_names_the_devices(acme, make_user, client_of, visible):
    user = make_user(acme)
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    client = signed_in(client_of(acme, headers={"user-agent": firefox}), user)

    page = visible(client.get("/accounts/sessions/"))

    assert "Firefox · Linux" in page
    assert "This one" in page
    assert "signed in just now" in page


def test_each_session_is_ended_by_a_button_that_names_it(acme, make_user, client_of):
    user = make_user(acme)
    signed_in(client_of(acme, headers={"user-agent": "Firefox/128.0 Linux"}), user)
    signed_in(client_of(acme, headers={"user-agent": "Chrome/130 Windows"}), user)
    here = signed_in(client_of(acme), user)
    with workspace_context(acme):
        UserSession.objects.filter(user_agent__startswith="F").update(ip="192.0.2.1")

    page = here.get("/accounts/sessions/").content.decode()

    labels = re.findall(r'aria-label="End it: ([^,]+, [^,]+),', page)
    assert sorted(labels) == ["Chrome · Windows, 127.0.0.1", "Firefox · Linux, 192.0.2.1"]


WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/130 Safari/5 Edg/130", "Edge · Windows"),
        (f"Mozilla/5.0 (iPhone; CPU like Mac OS X) {WEBKIT} Mobile/15E Safari/6", "Safari · iOS"),
        (f"Mozilla/5.0 (Linux; Android 14) {WEBKIT} Chrome/130 Safari/5", "Chrome · Android"),
        ("curl/8.5", ""),
        ("", ""),
    ],
)
def test_browsers_are_named(user_agent, name):
    assert browser(user_agent) == name
