"""From a host to its tenant, by a cache that forgets when the rows change."""

from django.conf import settings
from django.core.cache import cache
from django.http.request import split_domain_port

from tasks.workspace import public_context
from tenants.models import Domain, Tenant

# Bounds how long a lost invalidation can matter.
SECONDS = 30


def normalise(raw_host: str) -> str:
    """Return a request's host as it stands in the rows: lower case, no dot, no port."""
    host, _port = split_domain_port(raw_host)
    return host


def is_base(host: str) -> bool:
    """Whether the host is the service's own."""
    return bool(host == settings.BASE_DOMAIN)


def find_tenant(host: str) -> Tenant | None:
    """Return the tenant of a normalised host. "Unknown" is never cached: the next request
    may be the new owner's.
    """
    with public_context():
        cached: Tenant | None = cache.get(_key(host))
        return cached or _look_up(host)


def _look_up(host: str) -> Tenant | None:
    domain = Domain.objects.select_related("tenant").filter(domain=host).first()
    if domain is None:
        return None
    tenant: Tenant = domain.tenant
    _ = tenant.primary_host  # Kept with the row from now on.
    cache.set(_key(host), tenant, SECONDS)
    return tenant


def forget(*hosts: str) -> None:
    """Drop hosts from the cache."""
    with public_context():
        cache.delete_many([_key(host) for host in hosts])


def _key(host: str) -> str:
    return f"host:{host}"
