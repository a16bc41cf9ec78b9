"""Suspend a tenant: its members can't reach it."""

from typing import Any

from django.core.management.base import CommandParser

from operations.management.base import ServiceCommand, tenant_called
from tenants.lifecycle import services


class Command(ServiceCommand):
    help = "Suspend a tenant: its hosts show a notice until it is resumed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="the subdomain")

    def handle(self, *_: Any, **options: Any) -> None:
        tenant = tenant_called(options["tenant"])
        services.suspend(tenant=tenant)
        self.stdout.write(f"Suspended {tenant.name} ({tenant.slug}).")
