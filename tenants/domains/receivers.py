"""Signal receivers: the host cache follows the rows."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from tenants.domains import hosts
from tenants.domains.models import Domain
from tenants.organisations.models import Tenant


@receiver([post_save, post_delete], sender=Domain)
def forget_host(*, instance: Domain, **_: Any) -> None:
    """Invalidate the cached host after the commit."""
    host = instance.domain
    transaction.on_commit(lambda: hosts.forget(host), robust=True)


@receiver([post_save, post_delete], sender=Tenant)
def forget_hosts(*, instance: Tenant, created: bool = False, **_: Any) -> None:
    """The same for each host of a changed tenant. A new tenant has none yet."""
    if created:
        return
    found = [domain.domain for domain in instance.domains.all()] if instance.pk else []
    transaction.on_commit(lambda: hosts.forget(*found), robust=True)
