"""The console's page about the tenant itself."""

from django.urls import path

from tenants.settings import views

console_pages = [path("settings/", views.settings, name="settings")]
