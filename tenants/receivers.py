"""Doorbells: the directory follows the people, the host cache follows the rows."""

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django.apps import AppConfig
from django.conf import settings
from django.db import connection, transaction
from django.db.models.signals import post_delete, post_migrate, post_save
from django.dispatch import receiver
from django_tenants.signals import schema_migrated
from django_tenants.utils import get_public_schema_name

from accounts.models import User
from accounts.signals import users_created
from tasks.workspace import current_schema, is_public
from tenants import directory, hosts, privileges, unverified
from tenants.models import Domain, Tenant
from tenants.provisioning import script


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def list_person(
    *, instance: User, raw: bool, update_fields: frozenset[str] | None, **_: Any
) -> None:
    """Keep the directory in the transaction that keeps the address."""
    may_have_moved = update_fields is None or "email" in update_fields
    if may_have_moved and not raw and not is_public():
        directory.list_people([instance])


@receiver(users_created)
def list_people(*, users: list[User], **_: Any) -> None:
    """The same for users made in bulk."""
    if not is_public():
        directory.list_people(users)


@receiver(post_delete, sender=settings.AUTH_USER_MODEL)
def unlist_person(*, instance: User, **_: Any) -> None:
    """Forget who is gone."""
    if not is_public():
        directory.unlist(instance)


@receiver(post_save, sender=EmailAddress)
def verify_tenant(*, instance: EmailAddress, raw: bool, **_: Any) -> None:
    """Keep a tenant whose owner has confirmed an address."""
    if instance.verified and not raw and not is_public() and instance.user.is_owner:
        unverified.mark_verified()


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def verify_tenant_of(
    *, instance: User, created: bool, update_fields: frozenset[str] | None, raw: bool, **_: Any
) -> None:
    """The same for somebody who is made an owner with a confirmed address.

    Who is made just now has none yet: it rings by itself when it comes.
    """
    may_be_new = not created and (update_fields is None or "role" in update_fields)
    if instance.is_owner and may_be_new and not raw and not is_public() and instance.is_verified:
        unverified.mark_verified()


@receiver(post_migrate)
def grant_privileges(*, sender: AppConfig, **_: Any) -> None:
    """Give the roles what they need of a schema whose tables have just changed."""
    if sender.name != "tenants":
        return
    if not is_public():
        _grant(privileges.tenant_statements(current_schema()))
        return
    # A table each: nobody meets one without its privileges, or waits for all of them.
    for table in privileges.public_tables():
        _grant(privileges.table_statements(table))


def _grant(statements: Iterable[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@receiver(schema_migrated)
def make_script(*, schema_name: str, **_: Any) -> None:
    """Have the release's script ready when the shared tables are: nobody has to wait for it."""
    if schema_name == get_public_schema_name():
        script.deploy()


@receiver([post_save, post_delete], sender=Domain)
def forget_host(*, instance: Domain, **_: Any) -> None:
    """Have the next request look the host up again."""
    host = instance.domain
    transaction.on_commit(lambda: hosts.forget(host), robust=True)


@receiver([post_save, post_delete], sender=Tenant)
def forget_hosts(*, instance: Tenant, created: bool = False, **_: Any) -> None:
    """The same for each host of a tenant that changed. A new one has none yet."""
    if created:
        return
    found = [domain.domain for domain in instance.domains.all()] if instance.pk else []
    transaction.on_commit(lambda: hosts.forget(*found), robust=True)
