"""The engine: contexts, database roles, schemas and what all apps above it share."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class TenancyConfig(AppConfig):
    name = "tenancy"

    def ready(self) -> None:
        """Connect the receivers, register the checks, and import each app's declarations."""
        import_module("tenancy.receivers")
        import_module("tenancy.checks")
        import_module("tenancy.files").delete_files_with_proxies()
        autodiscover_modules("receivers", "emails", "tenantry")
