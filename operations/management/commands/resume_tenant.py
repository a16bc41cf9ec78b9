"""Resume a suspended tenant."""

from typing import Any

from django.core.management.base import CommandParser

from operations.management.base import ServiceCommand, tenant_called
from tenants.lifecycle import services


class Command(ServiceCommand):
    help = "Resume a suspended tenant."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="the subdomain")

    def handle(self, *_: Any, **options: Any) -> None:
        tenant = tenant_called(options["tenant"])
        services.resume(tenant=tenant)
        self.stdout.write(f"Resumed {tenant.name} ({tenant.slug}).")
