"""The start page of a tenant's members."""

from django.urls import path

from tenants.home import views

home_pages = [path("", views.home, name="home")]
