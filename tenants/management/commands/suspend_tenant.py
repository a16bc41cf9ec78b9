"""Close a tenant to its people."""

from typing import Any

from django.core.management.base import CommandParser

from tenants import services
from tenants.management.base import ServiceCommand, tenant_called


class Command(ServiceCommand):
    help = "Close a tenant's hosts to everybody, until it is resumed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="the subdomain")

    def handle(self, *_: Any, **options: Any) -> None:
        tenant = tenant_called(options["tenant"])
        services.suspend(tenant=tenant)
        self.stdout.write(f"Suspended {tenant.name} ({tenant.slug}).")
