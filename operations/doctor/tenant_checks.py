"""The checks that run in one schema after the other."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from django.db import DatabaseError
from django.db.models import QuerySet
from django_tenants.utils import get_public_schema_name

from accounts.models import User
from accounts.profiles.services import complete
from accounts.retention.services import outlived, prune
from operations.doctor.findings import Finding
from operations.doctor.orphaned_files import files_without_row
from operations.doctor.reading import unmatched
from operations.doctor.structure import incomplete
from tenancy.context import Workspace, current_schema, public_context, workspace_context
from tenants.directory import services as directory
from tenants.models import DirectoryEntry, Tenant

# Rows are pruned once a day; rows that ended longer ago show that pruning does not run.
OVERDUE = timedelta(days=2)


def check(tenant: Tenant) -> list[Finding]:
    """Check one tenant's schema; if tables or migrations are missing, nothing else in it."""
    try:
        with workspace_context(tenant):
            return incomplete(tenant) or [*_people(tenant), *_directory(tenant)]
    except DatabaseError as error:
        with public_context():
            if not Tenant.objects.filter(pk=tenant.pk).exists():
                return []  # It was deleted meanwhile.
        why = f"The schema of {tenant.slug} can't be read: {type(error).__name__}."
        return [Finding(why, "look at it by hand")]


def check_public() -> list[Finding]:
    """Check the operators' accounts, which the directory doesn't list."""
    with public_context():
        return _people(None)


def _people(tenant: Tenant | None) -> list[Finding]:
    where = tenant.slug if tenant else get_public_schema_name()
    lacking = {
        "profile": User.objects.without_profile(),
        "e-mail address": User.objects.without_address(),
    }
    found = [
        Finding(
            f"{where}: {count} people have no {what}.",
            "add what they lack",
            partial(_within, tenant, _complete_all),
        )
        for what, people in lacking.items()
        if (count := people.count())
    ]
    counts = {what: rows.count() for what, rows in outlived(grace=OVERDUE).items()}
    if ended := ", ".join(f"{count} {what}" for what, count in counts.items() if count):
        sentence = f"{where}: {ended} ended long ago. Do beat and worker run?"
        found.append(Finding(sentence, "remove them", partial(_within, tenant, prune)))
    return [*found, *files_without_row(where)]


def _complete_all() -> None:
    lacking = User.objects.without_profile() | User.objects.without_address()
    for user in lacking.distinct():
        complete(user=user)


def _directory(tenant: Tenant) -> Iterator[Finding]:
    """Compare users and directory by id and address: both change together."""

    def entries() -> QuerySet[DirectoryEntry]:
        return DirectoryEntry.objects.filter(schema_name=current_schema())

    def add() -> None:
        directory.list_people(User.objects.filter(pk__in=[pk for pk, _hash in unlisted]))

    def delete() -> None:
        for pk, address_hash in stale:
            # By the hash as well: an entry may have been corrected meanwhile.
            entries().filter(user_id=pk, address_hash=address_hash).delete()

    unlisted, stale = unmatched(
        lambda: {
            (pk, directory.address_hash(email))
            for pk, email in User.objects.values_list("pk", "email")
        },
        lambda: set(entries().values_list("user_id", "address_hash")),
    )
    if unlisted:
        yield Finding(
            f"{tenant.slug}: the directory lacks {len(unlisted)} people: /find/ doesn't show "
            "this tenant to them.",
            "add them",
            partial(_within, tenant, add),
        )
    if stale:
        yield Finding(
            f"{tenant.slug}: {len(stale)} entries of the directory belong to no user.",
            "delete them",
            partial(_within, tenant, delete),
        )


def _within(tenant: Workspace | None, work: Callable[[], object]) -> None:
    with workspace_context(tenant) if tenant else public_context():
        work()
