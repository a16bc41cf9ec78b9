"""A tenant's host: home, accounts, self-service, console."""

from functools import partial

from django.conf import settings
from django.urls import include, path
from django.views.i18n import set_language

from accounts import urls as accounts
from saas.views import too_many
from tenancy.capabilities import gather_pages
from tenants import urls as tenants

# allauth's response to too many attempts.
handler429 = too_many

product = partial(gather_pages, "product", [app.partition(".")[2] for app in settings.PRODUCT_APPS])
# One namespace for the console's pages of all apps.
console_pages = [
    *accounts.console_pages,
    *tenants.console_pages,
    *product("console_pages"),
]
account_pages = [*accounts.account_pages, *product("account_pages")]

handler400 = "saas.views.bad_request"

urlpatterns = [
    *(product("home_pages") or tenants.home_pages),
    *product("member_pages"),
    path("language/", set_language, name="set_language"),
    path("accounts/", include([*accounts.sign_in_pages, *accounts.allauth_replacements])),
    path("accounts/", include("allauth.urls")),
    path("account/", include((account_pages, "accounts"))),
    path("console/", include((console_pages, "console"))),
]

handler500 = "saas.unavailable.server_error"
