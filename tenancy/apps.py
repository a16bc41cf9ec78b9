"""The engine: contexts, database roles, schemas and what all apps above it share."""

from importlib import import_module

from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "tenancy"

    def ready(self) -> None:
        """Connect the receivers, and register the checks."""
        import_module("tenancy.receivers")
        import_module("tenancy.checks")
