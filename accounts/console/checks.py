"""System checks of what apps declare: views, permissions, links."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from accounts.access.permissions import permissions
from accounts.console.navigation import NAVIGATIONS, Link

# What the `urls` module of a product's app may list.
PLACES = {"home_pages", "member_pages", "account_pages", "console_pages"}


@register(Tags.urls)
def products_views_say_who_is_admitted(**_: Any) -> list[Error]:
    """Report views of a product without a decorator of `accounts.access.decorators`."""
    return [
        Error(
            f"The view of “{pattern.pattern}” in {app}.urls doesn't say who is admitted.",
            hint="Decorate it: accounts.access.decorators has members_page, admins_action …",
            id="accounts.E002",
        )
        for app, place, pages in _products_pages()
        if place in PLACES
        for pattern in _patterns(pages)
        if not hasattr(pattern.callback, "access")
    ]


@register(Tags.urls)
def products_pages_have_a_place(**_: Any) -> list[Error]:
    """Report lists of pages that no URL root includes."""
    return [
        Error(
            f"{app}.urls lists {place}, which is shown nowhere.",
            hint=f"Name it one of: {', '.join(sorted(PLACES))}.",
            id="accounts.E003",
        )
        for app, place, _pages in _products_pages()
        if place not in PLACES
    ]


@register(Tags.urls)
def permissions_are_declared(**_: Any) -> list[Error]:
    """Report views and links with a permission that no app declares."""
    views = _patterns(get_resolver(settings.ROOT_URLCONF).url_patterns)
    named = {
        f"The view {each.lookup_str}": each.callback.access.permission
        for each in views
        if hasattr(each.callback, "access")
    } | {f"The link {link.name}": link.permission for link in _links()}
    return [
        Error(
            f"{where} names the permission “{name}”, which no app declares.",
            hint="Register it in the app's tenantry.py: accounts.access.permissions.",
            id="accounts.E004",
        )
        for where, name in named.items()
        if name is not None and name not in permissions
    ]


@register(Tags.urls)
def links_lead_somewhere(**_: Any) -> list[Error]:
    """Report links whose page or icon doesn't exist."""
    return [
        Error(
            f"The link {link.name} {fault}.",
            hint="A page's URL name takes no arguments; an icon is a template's path.",
            id="accounts.E005",
        )
        for link in _links()
        for fault in _faults(link)
    ]


def _faults(link: Link) -> Iterator[str]:
    try:
        reverse(link.url_name, settings.ROOT_URLCONF)
    except NoReverseMatch:
        yield f"leads to “{link.url_name}”, which is no page"
    try:
        if link.icon:
            get_template(link.icon)
    except TemplateDoesNotExist:
        yield f"has the icon “{link.icon}”, which is no template"


def _links() -> Iterator[Link]:
    for registry in NAVIGATIONS.values():
        yield from registry


def _products_pages() -> Iterator[tuple[str, str, Any]]:
    """Yield each list of pages of a product's app: app, name and patterns."""
    for app in settings.PRODUCT_APPS:
        if find_spec(f"{app}.urls"):
            lists = vars(import_module(f"{app}.urls")).items()
            yield from ((app, name, pages) for name, pages in lists if name.endswith("_pages"))


def _patterns(pages: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for page in pages:
        if isinstance(page, URLResolver):
            yield from _patterns(page.url_patterns)
        else:
            yield page
