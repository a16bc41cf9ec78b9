"""Consistency checks: find orphaned schemas, rows and files, and incomplete tenants.

They take no lock that blocks another transaction, and don't report data in flight: see `reading`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from operations.doctor import hosts, orphaned_files, shared_rows, structure, tenant_checks
from operations.doctor.findings import Finding
from tenancy.context import public_context
from tenants.models import Tenant

__all__ = ["Finding", "examine"]

Progress = Callable[[Sequence[Tenant], str], Iterable[Tenant]]
# The structure first: a repair there leaves fewer findings in the later checks.
SHARED = (
    structure.schemas_without_tenant,
    structure.tenants_without_schema,
    structure.pooled_without_schema,
    hosts.tenants_without_host,
    hosts.tenants_without_primary,
    shared_rows.rows_without_tenant,
    orphaned_files.files_without_tenant,
    tenant_checks.check_public,
)


def examine(progress: Progress) -> Iterator[Finding]:
    """Yield the findings: of the shared tables, then tenant by tenant.

    Each finding can be repaired as soon as it is yielded.
    """
    for check in SHARED:
        yield from check()
    with public_context():
        tenants = list(Tenant.objects.order_by("slug"))
    for tenant in progress(tenants, "tenants"):
        yield from tenant_checks.check(tenant)
