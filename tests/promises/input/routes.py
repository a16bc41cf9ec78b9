"""Every address that the service answers, found by walking its own URLconfs.

A new view is attacked by being there: nothing is listed by hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

BASE, TENANT = "saas.urls.base", "saas.urls.tenant"


@dataclass(frozen=True)
class Route:
    """One shape of an address: a template of %(name)s, and what its names are."""

    urlconf: str
    template: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.urlconf.rpartition('.')[2]}:/{self.template}"


def routes_of(urlconf: str) -> list[Route]:
    """Return every route of a URLconf, nested includes among them."""
    found = dict.fromkeys(_walk(get_resolver(urlconf), ""))
    return [
        Route(urlconf, template, tuple(names))
        for expression in found
        for template, names in normalize(expression)
    ]


def _walk(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for each in resolver.url_patterns:
        expression = prefix + str(each.pattern.regex.pattern).removeprefix("^")
        if isinstance(each, URLPattern):
            yield expression
        else:
            yield from _walk(each, expression)
