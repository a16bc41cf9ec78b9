"""The base host's pages that open an organisation."""

from django.urls import path

from tenants.signup import views

base_pages = [
    path("signup/", views.sign_up, name="sign-up"),
    path("signup/check/", views.check_subdomain, name="sign-up-check"),
]
