"""Every address, with every id of the other tenant: the same answer as for nobody's id."""

import pytest

from tests.promises.conftest import FULL
from tests.promises.isolation.addresses import UNKNOWN, Address, addresses_of, ids_for
from tests.promises.isolation.crawl import HOSTS, Crawler
from tests.promises.isolation.world import World

# In seconds: who may do nothing, and who may do everything.
ROLES = list(HOSTS) if FULL else ["visitor", "owner"]


@pytest.mark.parametrize("role", ROLES)
def test_no_address_tells_another_tenants_id_from_nobodys(world, role, figure):
    crawler = Crawler(world, role, most=100 if FULL else 1)

    tried = crawler.crawl()

    assert crawler.told == [], "\n".join(crawler.told)
    assert tried
    figure("Nothing leaks", f"another tenant's ids tried at addresses, as {role}", tried)


def test_an_argument_of_an_unknown_kind_says_what_to_add():
    unknown = Address("/console/invoices/<uuid:invoice_id>/", "console:invoice")

    with pytest.raises(AssertionError, match="KNOWN of tests/promises"):
        ids_for(World(*[None] * 7), unknown, "globex")


def test_every_argument_is_known(world):
    for party in ("acme", "public"):
        for address in addresses_of(party):
            assert ids_for(world, address, "globex"), UNKNOWN.format(address=address)
