"""The checks that run in one schema after the other."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db import DatabaseError
from django_tenants.utils import get_public_schema_name

from accounts.models import User
from accounts.profiles.services import complete
from accounts.retention.services import outlived, prune
from operations.doctor.findings import Finding
from operations.doctor.pictures import pictures_of_nobody
from operations.doctor.reading import alone
from operations.doctor.structure import half_made
from tenancy.context import Workspace, current_schema, public_context, workspace_context
from tenants.directory import services as directory
from tenants.models import DirectoryEntry, Tenant

# Rows are pruned once a day; rows that ended longer ago show that pruning does not run.
OVERDUE = timedelta(days=2)


def visit(tenant: Tenant) -> list[Finding]:
    """Check one tenant's schema; if tables or migrations are missing, nothing else in it."""
    try:
        with workspace_context(tenant):
            return half_made(tenant) or [*_people(tenant), *_listed(tenant)]
    except DatabaseError as error:
        return _unreadable(tenant, error)


def visit_public() -> list[Finding]:
    """Check the operators' accounts, which the directory doesn't list."""
    with public_context():
        return _people(None)


def _people(tenant: Tenant | None) -> list[Finding]:
    where = tenant.slug if tenant else get_public_schema_name()
    return [
        *_incomplete(where, tenant),
        *_overdue(where, tenant),
        *pictures_of_nobody(where),
    ]


def _incomplete(where: str, tenant: Tenant | None) -> list[Finding]:
    lacking = {
        "profile": User.objects.without_profile(),
        "e-mail address": User.objects.without_address(),
    }
    return [
        Finding(
            f"{where}: {count} people have no {what}.",
            "add what they lack",
            lambda: _within(tenant, _complete_all),
        )
        for what, people in lacking.items()
        if (count := people.count())
    ]


def _complete_all() -> None:
    lacking = User.objects.without_profile() | User.objects.without_address()
    for user in lacking.distinct():
        complete(user=user)


def _overdue(where: str, tenant: Tenant | None) -> list[Finding]:
    counts = {what: rows.count() for what, rows in outlived(grace=OVERDUE).items()}
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    sentence = f"{where}: {said} ended long ago. Do beat and worker run?"
    return [Finding(sentence, "remove them", lambda: _within(tenant, prune))] if said else []


def _listed(tenant: Tenant) -> list[Finding]:
    """Compare users and directory by id and address: both change together."""
    unlisted, vain = alone(_addresses, _entries)
    found = []
    if unlisted:
        found.append(
            Finding(
                f"{tenant.slug}: the directory lacks {len(unlisted)} people: /find/ doesn't tell "
                "them of it.",
                "list them",
                lambda: _within(tenant, lambda: _list(unlisted)),
            )
        )
    if vain:
        found.append(
            Finding(
                f"{tenant.slug}: {len(vain)} entries of the directory lead to nobody.",
                "delete them",
                lambda: _within(tenant, lambda: _unlist(vain)),
            )
        )
    return found


def _addresses() -> set[tuple[UUID, str]]:
    people = User.objects.values_list("pk", "email")
    return {(pk, directory.address_hash(email)) for pk, email in people}


def _entries() -> set[tuple[UUID, str]]:
    entries = DirectoryEntry.objects.filter(schema_name=current_schema())
    return set(entries.values_list("user_id", "address_hash"))


def _list(unlisted: set[tuple[UUID, str]]) -> None:
    directory.list_people(User.objects.filter(pk__in=[pk for pk, _hash in unlisted]))


def _unlist(vain: set[tuple[UUID, str]]) -> None:
    """Delete these entries, unless they were corrected meanwhile."""
    for pk, address_hash in vain:
        entries = DirectoryEntry.objects.filter(schema_name=current_schema(), user_id=pk)
        entries.filter(address_hash=address_hash).delete()


def _unreadable(tenant: Tenant, error: DatabaseError) -> list[Finding]:
    """Report why a schema can't be read; nothing if its tenant was deleted meanwhile."""
    with public_context():
        if not Tenant.objects.filter(pk=tenant.pk).exists():
            return []
    why = f"The schema of {tenant.slug} can't be read: {type(error).__name__}."
    return [Finding(why, "look at it by hand")]


def _within(tenant: Workspace | None, work: Callable[[], object]) -> None:
    with workspace_context(tenant) if tenant else public_context():
        work()
