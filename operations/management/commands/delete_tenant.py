"""Delete a tenant permanently: for when its members are gone, or ask for it."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from operations.management.base import ServiceCommand, is_interactive, tenant_called
from tasks.models import Message
from tenancy.context import public_context
from tenants.lifecycle.deletion import delete_tenant
from tenants.models import DirectoryEntry, Tenant
from tenants.roles import OPERATOR


class Command(ServiceCommand):
    """The operator types the subdomain again to confirm: only a backup restores a tenant."""

    help = "Delete a tenant with its schema, people, messages and files. It can't be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="the subdomain")
        parser.add_argument(
            "--yes", metavar="SUBDOMAIN", help="the subdomain again, where there is no terminal"
        )
        parser.add_argument(
            "--free-name", action="store_true", help="make the subdomain available again at once"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        tenant = tenant_called(options["tenant"])
        self.say(f"{tenant.name} ({tenant.primary_host}): {_contents(tenant)}.")
        if (options["yes"] or _ask(tenant)) != tenant.slug:
            raise CommandError(f"That isn't {tenant.slug}: nothing was deleted.")
        self.say("Deleting its schema, hosts, messages and files …")
        delete_tenant(tenant=tenant, quarantine=not options["free_name"])
        self.stdout.write(f"Deleted {tenant.name} ({tenant.slug}).")
        if not options["free_name"]:
            days = settings.SUBDOMAIN_QUARANTINE_DAYS
            self.stdout.write(f"{tenant.slug} is reserved for {days} days.")


def _contents(tenant: Tenant) -> str:
    with public_context(OPERATOR):
        people = DirectoryEntry.objects.filter(schema_name=tenant.schema_name).count()
        count = Message.objects.of_schema(tenant.schema_name).count()
    return f"{people} people, {count} messages"


def _ask(tenant: Tenant) -> str:
    if not is_interactive():
        raise CommandError(f"Standard input is no terminal. Confirm it with --yes {tenant.slug}")
    return input("Type the subdomain to delete it permanently: ").strip()
