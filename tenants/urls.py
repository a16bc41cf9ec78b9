"""Visitors' pages on the base host."""

from django.urls import path

from tenants import views

urlpatterns = [
    path("signup/", views.sign_up, name="sign-up"),
    path("signup/check/", views.check_subdomain, name="sign-up-check"),
    path("find/", views.find, name="find"),
]
