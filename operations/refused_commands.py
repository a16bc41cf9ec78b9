"""Commands of django-tenants that would leave incomplete tenants, each with what to use instead."""

from django.core.management import get_commands

REFUSED = {
    "clone_tenant": "open_tenant",
    "create_domain": "open_tenant, which gives a tenant its host",
    "create_missing_schemas": "migrate_schemas",
    "create_tenant": "open_tenant",
    "create_tenant_superuser": "the console's invitations, or open_tenant",
    "delete_domain": "suspend_tenant, after which a tenant's hosts answer with a notice",
    "rename_schema": "the console's settings: a tenant's name is not its schema's",
}


def remove() -> None:
    """Remove them from the dictionary in which Django looks every command up."""
    for name in REFUSED:
        get_commands().pop(name, None)
