"""The workspace's settings: name and language, by owners and admins."""

import pytest
from django.urls import reverse

from tenants.domains import hosts
from tenants.models import Tenant
from tests.contexts import public_context

SETTINGS = reverse("console:settings")


@pytest.fixture
def owner(acme, make_user):
    return make_user(acme, "olive@acme.test", role="owner")


def kept(tenant):
    with public_context():
        return Tenant.objects.values_list("name", "language", "slug", "schema_name").get(
            pk=tenant.pk
        )


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_administrators_change_name_and_language(acme, globex, make_user, client_of, role):
    client = client_of(acme, make_user(acme, role=role))

    response = client.post(SETTINGS, {"name": "Acme & Sons", "language": "ko"}, follow=True)

    assert response.redirect_chain == [(SETTINGS, 302)]
    assert kept(acme) == ("Acme & Sons", "ko", "acme", acme.schema_name)
    assert kept(globex)[:2] == ("Globex", "en")


def test_the_page_shows_what_stays(acme, owner, client_of):
    text = client_of(acme, owner).get(SETTINGS).text

    assert acme.host in text
    assert f'datetime="{acme.created_at.date().isoformat()}' in text
    assert 'name="slug"' not in text


@pytest.mark.parametrize(
    "name", ["", "   ", "Visit https://evil.test", "Two\nlines", "evil.com", "x" * 65]
)
def test_names_that_could_advertise_are_refused(acme, owner, client_of, name):
    response = client_of(acme, owner).post(SETTINGS, {"name": name, "language": "en"})

    assert response.status_code == 422
    assert "name" in response.context["form"].errors
    assert kept(acme)[0] == "Acme"


def test_a_language_that_nobody_speaks_here_is_refused(acme, owner, client_of):
    response = client_of(acme, owner).post(SETTINGS, {"name": "Acme", "language": "xx"})

    assert response.status_code == 422
    assert kept(acme)[1] == "en"


def test_administrators_choose_the_time_zone_of_nightly_tasks(
    acme, globex, owner, client_of, django_capture_on_commit_callbacks
):
    client = client_of(acme, owner)
    typed = {"name": "Acme", "language": "en"}

    with django_capture_on_commit_callbacks(execute=True):
        client.post(SETTINGS, typed | {"time_zone": "Asia/Seoul"})
    client.post(SETTINGS, typed)
    refused = client.post(SETTINGS, typed | {"time_zone": "Mars/Olympus"})

    assert '<option value="Asia/Seoul" selected>' in client.get(SETTINGS).text
    assert list(refused.context["form"].errors) == ["time_zone"]
    with public_context():
        zones = dict(Tenant.objects.values_list("slug", "time_zone"))
    assert zones == {"acme": "Asia/Seoul", "globex": "UTC"}


def test_a_refused_name_does_not_show_in_the_bar(acme, owner, client_of):
    response = client_of(acme, owner).post(SETTINGS, {"name": "evil.com", "language": "en"})

    assert response.context["workspace"].name == "Acme"


def test_who_is_not_verified_may_look(acme, make_user, client_of):
    client = client_of(acme, make_user(acme, role="owner", verified=False))

    page = client.get(SETTINGS)
    answer = client.post(SETTINGS, {"name": "Taken over", "language": "en"})

    assert f'href="{reverse("verify-email")}">Confirm it now' in page.text
    assert page.text.count(" disabled") == 3
    assert answer.headers["Location"] == reverse("verify-email")
    assert kept(acme)[0] == "Acme"


def test_other_members_are_refused(acme, make_user, client_of):
    client = client_of(acme, make_user(acme))

    assert client.get(SETTINGS).status_code == 403
    assert client.post(SETTINGS, {"name": "X", "language": "en"}).status_code == 403
    assert kept(acme)[0] == "Acme"


def test_the_next_request_sees_the_new_name(
    acme, owner, client_of, django_capture_on_commit_callbacks
):
    client = client_of(acme, owner)
    assert hosts.find_tenant(acme.host).name == "Acme"

    with django_capture_on_commit_callbacks(execute=True):
        client.post(SETTINGS, {"name": "Renamed", "language": "en"})

    assert hosts.find_tenant(acme.host).name == "Renamed"
