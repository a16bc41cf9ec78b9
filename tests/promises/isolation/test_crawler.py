"""Every address, with every id of the other tenant: the same answer as for nobody's id."""

from unittest.mock import patch

import pytest
from django.http import Http404, HttpResponse
from django.urls.resolvers import URLPattern

from accounts.models import User
from tests.promises.conftest import FULL, scaled
from tests.promises.isolation.addresses import UNKNOWN, Address, addresses_of, ids_for
from tests.promises.isolation.crawl import HOSTS, Crawler
from tests.promises.isolation.world import World

# In seconds: who may do nothing, and who may do everything.
ROLES = list(HOSTS) if FULL else ["visitor", "owner"]


@pytest.mark.parametrize("role", ROLES)
def test_no_address_tells_another_tenants_id_from_nobodys(world, role, figure):
    crawler = Crawler(world, role, most=scaled(100, quick=1))

    tried = crawler.crawl()

    assert crawler.told == [], "\n".join(crawler.told)
    assert tried
    figure("Nothing leaks", f"another tenant's ids tried at addresses, as {role}", tried)


def _forbidden(world, path, **_):
    """403 for whom another tenant knows, 404 for nobody."""
    schema, user_id = world.marks["globex"].schema, path.rstrip("/").rpartition("/")[2]
    found = f'SELECT 1 FROM "{schema}".accounts_user WHERE id = %s'
    if world.database.execute(found, [user_id]).fetchone():
        return HttpResponse(status=403)
    raise Http404


def _worded(world, path, **_):
    """404 either way, in other words."""
    return HttpResponse(_forbidden_or_none(world, path), status=404)


def _forbidden_or_none(world, path):
    try:
        _forbidden(world, path)
    except Http404:
        return "There is nobody here."
    return "There is nobody here, for you."


def _looked_up(world, path, **_):
    """The same words either way, after another question to the database."""
    if _forbidden_or_none(world, path).endswith("you."):
        User.objects.count()
    raise Http404


TELLING = {"status": _forbidden, "page": _worded, "statements": _looked_up}


@pytest.mark.parametrize("by", TELLING)
def test_a_view_that_tells_is_noticed(world, by):
    def tells(request, **_):
        return TELLING[by](world, request.path)

    crawler = Crawler(world, "owner", most=1)
    with patch.object(URLPattern, "resolve", _answered_by("member", tells)):
        crawler.crawl("member", "console:member")

    assert any(f"its {by} tells it" in told for told in crawler.told), crawler.told


def _answered_by(name, view):
    """Have the address of a name answered by another view."""
    real = URLPattern.resolve

    def resolved(self, path):
        if (match := real(self, path)) and self.name == name:
            match.func = view
        return match

    return resolved


def test_an_argument_of_an_unknown_kind_says_what_to_add():
    unknown = Address("/console/invoices/<uuid:invoice_id>/", "console:invoice")

    with pytest.raises(AssertionError, match="KNOWN of tests/promises"):
        ids_for(World(*[None] * 7), unknown, "globex")


def test_every_argument_is_known(world):
    for party in ("acme", "public"):
        for address in addresses_of(party):
            assert ids_for(world, address, "globex"), UNKNOWN.format(address=address)
