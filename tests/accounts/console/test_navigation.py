"""Navigation: the links that apps declare, who sees them, and what check says of wrong ones."""

import re
import sys
from types import ModuleType

import pytest
from django.http import HttpResponse
from django.urls import path
from django.urls.resolvers import RegexPattern, URLResolver

from accounts.access import decorators
from accounts.console import checks
from accounts.console.navigation import (
    Link,
    account_links,
    console_links,
    main_links,
    settings_tabs,
)

SIDE = re.compile(r'<nav class="menu sections-nav".*?</nav>', re.DOTALL)
TABS = re.compile(r'<nav class="tabs".*?</nav>', re.DOTALL)
SHOWN = re.compile(r'href="([^"]+)"( aria-current="page")?>')


@pytest.fixture
def declare(monkeypatch):
    """Declare a link for the test."""

    def register(registry, *arguments, **options):
        link = Link("test.link", "Reports", *arguments, **options)
        monkeypatch.setitem(registry._entries, link.name, link)

    return register


def links(part, response):
    (found,) = part.findall(response.text)
    return SHOWN.findall(found)


def test_links_stand_in_the_order_of_their_positions(declare, console):
    declare(console_links, "console:invite", position=25)

    shown = [address for address, _current in links(SIDE, console.get("/console/"))]

    assert shown == [
        "/console/", "/console/members/", "/console/members/invite/", "/console/messages/",
        "/console/settings/",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("page", "current"),
    [("/console/", "/console/"), ("/console/members/invite/", "/console/members/")],
)
def test_the_link_of_a_page_is_marked_below_it_as_well(console, page, current):
    assert [address for address, mark in links(SIDE, console.get(page)) if mark] == [current]


def test_a_link_is_shown_to_those_who_hold_its_permission(declare, acme, member, admin, client_of):
    declare(main_links, "console:members", permission="members.view")

    assert "Reports" in client_of(acme, admin).get("/").text
    assert "Reports" not in client_of(acme, member).get("/").text


def test_account_links_stand_in_the_menu_of_each_page(declare, acme, member, client_of):
    declare(account_links, "accounts:profile")

    assert client_of(acme, member).get("/").text.count("Reports") == 1
    assert client_of(acme, member).get("/account/").text.count("Reports") == 2


def test_settings_have_tabs_as_soon_as_there_are_two(monkeypatch, declare, console):
    own = {"tenants.general": settings_tabs["tenants.general"]}
    monkeypatch.setattr(settings_tabs, "_entries", own)
    assert TABS.findall(console.get("/console/settings/").text) == []

    declare(settings_tabs, "console:invite")

    assert links(TABS, console.get("/console/settings/")) == [
        ("/console/settings/", ' aria-current="page"'),
        ("/console/members/invite/", ""),
    ]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"url_name": "nowhere"}, "leads to “nowhere”, which is no page"),
        ({"url_name": "console:member"}, "leads to “console:member”, which is no page"),
        ({"url_name": "home", "icon": "icons/none.svg"}, "has the icon “icons/none.svg”"),
    ],
)
def test_a_link_that_leads_nowhere_is_refused(declare, options, sentence):
    assert checks.links_lead_somewhere() == []
    declare(main_links, **options)

    (error,) = checks.links_lead_somewhere()

    assert error.id == "accounts.E005"
    assert sentence in error.msg


def test_a_link_with_an_undeclared_permission_is_refused(declare):
    assert checks.permissions_are_declared() == []
    declare(main_links, "home", permission="reports.view")

    (error,) = checks.permissions_are_declared()

    assert error.id == "accounts.E004"
    assert "The link test.link names the permission “reports.view”" in error.msg


def test_a_view_with_an_empty_permission_is_refused(monkeypatch):
    urls = ModuleType("reports")
    urls.urlpatterns = [path("reports/", decorators.admins_page("")(answer))]
    monkeypatch.setattr(checks, "get_resolver", lambda _root: URLResolver(RegexPattern(""), urls))

    (error,) = checks.permissions_are_declared()

    assert "names the permission “”" in error.msg


@pytest.fixture
def product(monkeypatch, settings):
    """Install a product's app with these lists of pages."""

    def install(**lists):
        app, urls = ModuleType("reports"), ModuleType("reports.urls")
        app.__path__, urls.__spec__ = [], object()
        vars(urls).update(lists)
        monkeypatch.setitem(sys.modules, "reports", app)
        monkeypatch.setitem(sys.modules, "reports.urls", urls)
        settings.PRODUCT_APPS = ["reports"]

    return install


def answer(_request):
    return HttpResponse()


def test_a_products_view_without_a_decorator_is_refused(product):
    product(
        home_pages=[path("", decorators.public_page(answer))],
        member_pages=[path("reports/", answer), path("x/", decorators.members_page(answer))],
    )

    (error,) = checks.products_views_say_who_is_admitted()

    assert error.id == "accounts.E002"
    assert "“reports/” in reports.urls" in error.msg
    assert checks.products_pages_have_a_place() == []


def test_a_list_of_pages_that_is_shown_nowhere_is_refused(product):
    product(members_pages=[path("reports/", decorators.members_page(answer))])

    (error,) = checks.products_pages_have_a_place()

    assert error.id == "accounts.E003"
    assert "members_pages" in error.msg
