"""Looking for debris: what no tenant, person or row accounts for, and what is only half there.

It takes no lock that anybody waits for, and what is in flight is no debris: see `reading`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from tasks.workspace import public_context
from tenants.doctor import hosts, letters, pictures, structure, visits
from tenants.doctor.findings import Finding
from tenants.models import Tenant

__all__ = ["Finding", "examine"]

Progress = Callable[[Sequence[Tenant], str], Iterable[Tenant]]
# The structure first: whoever mends as they go has fewer things to mend behind it.
SHARED = (
    structure.schemas_without_tenant,
    structure.tenants_without_schema,
    structure.spares_without_schema,
    hosts.tenants_without_host,
    hosts.tenants_without_primary,
    letters.letters_of_no_tenant,
    letters.entries_of_no_tenant,
    pictures.pictures_of_no_tenant,
    visits.visit_public,
)


def examine(progress: Progress) -> Iterator[Finding]:
    """Yield what is found: in the shared tables, then tenant by tenant.

    Each finding can be mended as soon as it is yielded.
    """
    for look in SHARED:
        yield from look()
    with public_context():
        tenants = list(Tenant.objects.order_by("slug"))
    for tenant in progress(tenants, "tenants"):
        yield from visits.visit(tenant)
