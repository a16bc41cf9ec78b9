"""Organisations: names, hosts, schemas, sign-up, lifecycle, operators."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Tenants")

    def ready(self) -> None:
        """Connect the receivers."""
        import_module("tenants.receivers")
