"""The base host: landing page, sign-up, find, operators."""

from django.urls import include, path
from django.views.i18n import set_language

from operations.admin import site
from saas import views

handler400 = "saas.views.bad_request"

urlpatterns = [
    path("", views.landing, name="landing"),
    path("terms/", views.terms, name="terms"),
    path("language/", set_language, name="set_language"),
    path("", include("tenants.urls")),
    path("operator/accounts/", include("accounts.urls.instead")),
    path("operator/accounts/", include("allauth.urls")),
    path("operator/", site.urls),
]

handler500 = "saas.unavailable.server_error"
