"""The pages that all subjects serve, and for ours the service's own."""

from importlib import import_module

from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from bench.projects.views import every_table, few_rows

urlpatterns: list[URLPattern | URLResolver] = [
    path("bench/", few_rows),
    path("bench/tables/", every_table),
]
if __name__ == settings.ROOT_URLCONF and "tenants" in settings.INSTALLED_APPS:
    urlpatterns += import_module("saas.urls.tenant").urlpatterns
