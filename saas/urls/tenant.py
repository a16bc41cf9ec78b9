"""A tenant's host: home, accounts, self-service, console."""

from django.urls import include, path
from django.views.i18n import set_language

from accounts.console import urls as people
from saas.views import too_many
from tenants.console import urls as settings
from tenants.views import home

# allauth's response to too many attempts.
handler429 = too_many

# One namespace for the console's pages of both apps.
console = [*people.urlpatterns, *settings.urlpatterns]

handler400 = "saas.views.bad_request"

urlpatterns = [
    path("", home, name="home"),
    path("language/", set_language, name="set_language"),
    path("accounts/", include("accounts.urls.entrance")),
    path("accounts/", include("accounts.urls.instead")),
    path("accounts/", include("allauth.urls")),
    path("account/", include("accounts.urls.own")),
    path("console/", include((console, "console"))),
]

handler500 = "saas.unavailable.server_error"
