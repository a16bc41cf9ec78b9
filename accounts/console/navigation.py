"""The links of the pages' navigation, as apps declare them."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django_stubs_ext import StrOrPromise

from accounts.access.permissions import has_permission
from accounts.users.models import User
from tenancy.registry import Registry


@dataclass(frozen=True)
class Link:
    """A link to a page by its URL name, shown to those who hold the permission, if one is named.

    `icon` is a template with an SVG. `pages` are the beginnings of the URL names that the link is
    marked on as the current one: by default its own.
    """

    name: str
    title: "StrOrPromise"
    url_name: str
    icon: str = ""
    pages: tuple[str, ...] = ()
    permission: str | None = None
    position: int = 100

    def is_current(self, request: HttpRequest) -> bool:
        shown = request.resolver_match.view_name if request.resolver_match else ""
        return shown.startswith(self.pages or (self.url_name,))

    @property
    def url(self) -> str:
        return reverse(self.url_name)


# In the bar on top of each member's page.
main_links: Registry[Link] = Registry("main link")
# Beside the console's pages.
console_links: Registry[Link] = Registry("console link")
# Beside the account's pages, and in the menu of the user's name.
account_links: Registry[Link] = Registry("account link")
# Above the console's settings, as soon as there are two.
settings_tabs: Registry[Link] = Registry("settings tab")
NAVIGATIONS = {
    "main": main_links,
    "console": console_links,
    "account": account_links,
    "settings": settings_tabs,
}


def shown_links(navigation: str, user: User) -> Iterator[Link]:
    """Yield a navigation's links that the user may follow."""
    for link in NAVIGATIONS[navigation]:
        if link.permission is None or has_permission(user, link.permission):
            yield link
