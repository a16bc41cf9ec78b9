"""Check that no user in any schema lacks a profile or an e-mail address."""

from typing import Any

from django.core.management.base import CommandError

from accounts.models import User
from operations.management.base import PUBLIC, ServiceCommand, context_called
from tenancy.context import workspace_context
from tenants.models import Tenant


class Command(ServiceCommand):
    """Reads every schema, those of suspended tenants and public included. Changes nothing."""

    help = "List users without a profile or an e-mail address. Exit code 1 if there are any."

    def handle(self, *_: Any, **options: Any) -> None:
        with context_called(PUBLIC):
            tenants = list(Tenant.objects.order_by("slug"))
            checked, found = _check(PUBLIC)
        for tenant in self.progress(tenants, "tenants"):
            with workspace_context(tenant):
                count, more = _check(tenant.slug)
            checked, found = checked + count, found + more
        if found:
            raise CommandError("\n".join([*found, f"{len(found)} of {checked} users lack one."]))
        self.stdout.write(f"All {checked} users in {len(tenants) + 1} schemas are complete.")


def _check(where: str) -> tuple[int, list[str]]:
    """Return how many users the current schema has, and a line for each that lacks something."""
    users = User.objects.all()
    lacking = {
        "profile": users.without_profile(),
        "e-mail address": users.without_address(),
    }
    return users.count(), [
        f"{where}: {user.email} ({user.pk}) has no {what}"
        for what, some in lacking.items()
        for user in some.order_by("email")
    ]
