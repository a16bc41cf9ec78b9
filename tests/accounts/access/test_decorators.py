"""The decorators of views: who is admitted, by which methods, and what the others get."""

import pytest
from django.http import HttpResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View

from accounts.access import decorators
from saas.urls import tenant
from tenancy.context import workspace_context

handler404, handler500 = "saas.views.not_found", tenant.handler500


def answer(request):
    return HttpResponse(f"Seen by {request.user}")


@method_decorator(decorators.members_page, name="dispatch")
class ClassBased(View):
    def get(self, request):
        return answer(request)


@pytest.mark.parametrize(
    "decorate",
    [decorators.public_page, decorators.members_page, decorators.admins_page("members.view")],
)
def test_an_asynchronous_view_is_refused(decorate):
    async def report(_request):
        return HttpResponse()

    with pytest.raises(TypeError, match="report is async"):
        decorate(report)


VIEWS = {
    "public": decorators.public_page(answer),
    "page": decorators.members_page(answer),
    "class": ClassBased.as_view(),
    "form": decorators.members_form(answer),
    "action": decorators.members_action("x-page")(answer),
    "plain-action": decorators.members_action()(answer),
    "admins-page": decorators.admins_page("members.view")(answer),
    "owners-page": decorators.admins_page("owners.change")(answer),
    "admins-form": decorators.admins_form("members.change")(answer),
    "admins-action": decorators.admins_action("members.change", "x-admins-page")(answer),
}
urlpatterns = [
    *(path(f"x/{name}/", view, name=f"x-{name}") for name, view in VIEWS.items()),
    *tenant.urlpatterns,
]
SIGN_IN, VERIFY = "/accounts/login/", "/accounts/verify/"


@pytest.fixture
def ask(acme, settings, client_of, owner, admin, member, unverified):
    """Ask for a view as a role; return the status, and where a redirect leads."""
    settings.ROOT_URLCONF = __name__
    people = {
        "owner": owner, "admin": admin, "member": member, "unverified": unverified, "visitor": None,
    }  # fmt: skip

    def send(role, method, name, **headers):
        client = client_of(acme, people[role])
        response = getattr(client, method)(f"/x/{name}/", headers=headers)
        target = response.headers.get("Location", response.headers.get("HX-Redirect", ""))
        return response.status_code, target.partition("?")[0]

    return send


def test_visitors_are_led_to_the_sign_in_from_all_but_public_pages(ask):
    assert ask("visitor", "get", "public") == (200, "")
    for name in VIEWS.keys() - {"public"}:
        assert ask("visitor", "get", name) == (302, SIGN_IN), name
        assert ask("visitor", "post", name) == (302, SIGN_IN), name


def test_a_part_of_a_page_redirects_all_of_it_to_the_sign_in(ask):
    assert ask("visitor", "get", "page", **{"HX-Request": "true"}) == (200, SIGN_IN)


@pytest.mark.parametrize("name", ["page", "class", "form"])
def test_members_read_their_pages(ask, name):
    assert ask("member", "get", name) == (200, "")


@pytest.mark.parametrize(
    ("name", "status"), [("page", 405), ("class", 405), ("form", 200), ("plain-action", 200)]
)
def test_a_page_takes_no_post_and_a_form_does(ask, name, status):
    assert ask("member", "post", name)[0] == status


def test_an_action_takes_posts_alone_and_leads_back_to_its_page(ask):
    assert ask("member", "post", "action") == (200, "")
    assert ask("member", "get", "action") == (302, "/x/page/")
    assert ask("member", "get", "plain-action") == (405, "")


@pytest.mark.parametrize("name", ["admins-page", "admins-form", "admins-action", "owners-page"])
def test_members_without_the_permission_are_refused(ask, name):
    for method in ("get", "post"):
        assert ask("member", method, name) == (403, "")
    assert ask("admin", "get", name)[0] == (
        403 if name == "owners-page" else ask("owner", "get", name)[0]
    )


def test_an_unconfirmed_administrator_looks_and_does_not_change(ask, acme, unverified):
    unverified.role = "admin"
    with workspace_context(acme):
        unverified.save(update_fields=["role"])

    assert ask("unverified", "get", "admins-page") == (200, "")
    assert ask("unverified", "get", "admins-form") == (200, "")
    assert ask("unverified", "post", "admins-form") == (302, VERIFY)
    assert ask("unverified", "post", "admins-action") == (302, VERIFY)
    assert ask("admin", "post", "admins-action") == (200, "")


@pytest.mark.parametrize("name", sorted(VIEWS.keys() - {"public"}))
def test_each_view_keeps_who_it_admits(name):
    assert VIEWS[name].access.members_only
    assert bool(VIEWS[name].access.permission) == ("admins" in name or "owners" in name)
