"""The URLs of this app, gathered from its capabilities by the place that they name."""

from functools import partial

from accounts.capabilities import CAPABILITIES
from tenancy.capabilities import gather_pages

_pages = partial(gather_pages, "accounts", CAPABILITIES)

# Below /accounts/ on a tenant's host, beside allauth's.
sign_in_pages = _pages("sign_in_pages")
# In front of allauth's pages, under their names: for members, and for operators.
allauth_replacements = _pages("allauth_replacements")
# Below /account/: what users may change about themselves.
account_pages = _pages("account_pages")
# Below /console/.
console_pages = _pages("console_pages")
