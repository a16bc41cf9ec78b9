"""The console's page about the tenant itself."""

from django.urls import path

from tenants.console import views

urlpatterns = [path("settings/", views.settings, name="settings")]
