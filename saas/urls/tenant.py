"""A tenant's host: home, accounts, self-service, console."""

from django.urls import include, path
from django.views.i18n import set_language

from accounts import urls as accounts
from saas.views import too_many
from tenants import urls as tenants

# allauth's response to too many attempts.
handler429 = too_many

# One namespace for the console's pages of both apps.
console_pages = [*accounts.console_pages, *tenants.console_pages]

handler400 = "saas.views.bad_request"

urlpatterns = [
    *tenants.home_pages,
    path("language/", set_language, name="set_language"),
    path("accounts/", include([*accounts.sign_in_pages, *accounts.allauth_replacements])),
    path("accounts/", include("allauth.urls")),
    path("account/", include((accounts.account_pages, "accounts"))),
    path("console/", include((console_pages, "console"))),
]

handler500 = "saas.unavailable.server_error"
