"""The base host: landing page, sign-up, find, operators."""

from django.urls import include, path
from django.views.i18n import set_language

from accounts.urls import allauth_replacements
from operations.admin import site
from saas import views
from tenants.urls import base_pages

handler400 = "saas.views.bad_request"

urlpatterns = [
    path("", views.landing, name="landing"),
    path("terms/", views.terms, name="terms"),
    path("language/", set_language, name="set_language"),
    *base_pages,
    path("operator/accounts/", include(allauth_replacements)),
    path("operator/accounts/", include("allauth.urls")),
    path("operator/", site.urls),
]

handler500 = "saas.unavailable.server_error"
