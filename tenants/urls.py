"""The URLs of this app, gathered from its capabilities by the place that they name."""

from functools import partial

from tenancy.capabilities import gather_pages
from tenants.capabilities import CAPABILITIES

_pages = partial(gather_pages, "tenants", CAPABILITIES)

# On the base host.
base_pages = _pages("base_pages")
# On a tenant's host: its start page, and below /console/.
home_pages = _pages("home_pages")
console_pages = _pages("console_pages")
