"""Organisations: names, hosts, schemas, sign-up, lifecycle."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from tenancy.capabilities import import_modules
from tenants.capabilities import CAPABILITIES


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Tenants")

    def ready(self) -> None:
        """Import what registers on import: receivers, checks, e-mails, jobs."""
        for module in ("receivers", "checks", "emails", "jobs"):
            import_modules(self.name, CAPABILITIES, module)
