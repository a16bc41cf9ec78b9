"""The base host's page that finds workspaces."""

from django.urls import path

from tenants.directory import views

base_pages = [path("find/", views.find, name="find")]
