"""List the tenants, as a table or as JSON."""

import json
from typing import Any

from django.core.management.base import CommandParser

from operations.management.base import ServiceCommand
from tenancy.context import public_context
from tenants.models import Tenant
from tenants.roles import OPERATOR

COLUMNS = ("subdomain", "status", "people", "created", "host", "name")


class Command(ServiceCommand):
    """Reads the shared tables only: no tenant's schema is opened to count its members."""

    help = "List the tenants, the newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--search", default="", help="words in the name or the subdomain")
        parser.add_argument("--status", choices=Tenant.Status.values)
        parser.add_argument("--json", action="store_true", help="one JSON array")

    def handle(self, *_: Any, **options: Any) -> None:
        rows = _rows(options["search"], options["status"])
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
        elif rows:
            table = [COLUMNS, *(tuple(_short(row[name]) for name in COLUMNS) for row in rows)]
            widths = [max(map(len, column)) for column in zip(*table, strict=True)]
            for cells in table:
                padded = map(str.ljust, cells, widths)
                self.stdout.write("  ".join(padded).rstrip())
        else:
            self.say("No tenants.")


def _rows(search: str, status: str | None) -> list[dict[str, Any]]:
    with public_context(OPERATOR):
        tenants = Tenant.objects.search(search).with_people_count().order_by("-created_at")
        if status:
            tenants = tenants.filter(status=status)
        return [
            {
                "subdomain": tenant.slug,
                "name": tenant.name,
                "status": tenant.status,
                "people": tenant.people_count,
                "created": tenant.created_at.isoformat(timespec="seconds"),
                "host": tenant.primary_host,
                "schema": tenant.schema_name,
            }
            for tenant in tenants.prefetch_related("domains")
        ]


def _short(value: Any) -> str:
    """Return a value as text, a datetime as its date."""
    text = str(value)
    return text[:10] if text[10:11] == "T" else text
