"""The tenant of a host, cached in each process while the rows stay the same."""

import threading
from collections.abc import Iterable
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from django.db.models.base import ModelState
from django.http.request import split_domain_port

from tenancy.context import public_context
from tenancy.pubsub import Channel
from tenants.domains.models import Domain
from tenants.organisations.models import Tenant

# How long an entry is valid, in seconds: as long as a lost pub/sub message can matter.
SECONDS = 10
# How many hosts a process caches, at some 3 KB each.
MOST_HOSTS = 2_000


class Known(NamedTuple):
    """A host's tenant, and until when the entry is valid."""

    tenant: Tenant
    until: float


class Memory:
    """The cache of this process. All its threads share it, and each caller gets a copy."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._lock = threading.Lock()
        # Rises with each invalidation, so that no thread caches a row that it had read before.
        self.age = 0

    def find(self, host: str) -> Tenant | None:
        known = self._known.get(host)
        if known is None or known.until < monotonic():
            return None
        return _twin(known.tenant)

    def keep(self, host: str, tenant: Tenant, *, age: int) -> None:
        """Cache a host, unless an entry was invalidated since that age."""
        known = Known(_twin(tenant), monotonic() + SECONDS)
        with self._lock:
            if age != self.age:
                return
            self._known.pop(host, None)
            if len(self._known) >= MOST_HOSTS:
                del self._known[next(iter(self._known))]
            self._known[host] = known

    def drop(self, hosts: Iterable[str]) -> None:
        with self._lock:
            self.age += 1
            for host in hosts:
                self._known.pop(host, None)

    def clear(self) -> None:
        with self._lock:
            self.age += 1
            self._known.clear()


def _twin(tenant: Tenant) -> Tenant:
    """Copy a tenant. `copy.copy` uses the pickle protocol, and takes ten times as long."""
    twin = Tenant.__new__(Tenant)
    twin.__dict__.update(tenant.__dict__)
    # Documented, despite its name. Related objects that the original has cached stay there.
    state, twin._state = tenant._state, ModelState()  # noqa: SLF001
    twin._state.db, twin._state.adding = state.db, state.adding  # noqa: SLF001
    return twin


memory = Memory()
changes = Channel("hosts")


def normalise(raw_host: str) -> str:
    """Return a request's host as the rows store it: lower case, no dot at the end, no port."""
    host, _port = split_domain_port(raw_host)
    return host


def is_base(host: str) -> bool:
    """Whether the host is the service's own."""
    return bool(host == settings.BASE_DOMAIN)


def find_tenant(host: str) -> Tenant | None:
    """Return the tenant of a normalised host, as an object of the caller's own.

    An unknown host is never cached: the next request may come from the new owner.
    """
    # What other processes have changed is no longer valid; nothing is, when messages were lost.
    changed = changes.poll()
    if changed is None:
        memory.clear()
    elif changed:
        memory.drop(changed)
    return memory.find(host) or _look_up(host)


def forget(*hosts: str) -> None:
    """Invalidate these hosts in every process."""
    memory.drop(hosts)
    changes.publish(*hosts)


def _look_up(host: str) -> Tenant | None:
    age = memory.age
    with public_context():
        domain = Domain.objects.select_related("tenant").filter(domain=host).first()
        if domain is None:
            return None
        tenant: Tenant = domain.tenant
        _ = tenant.primary_host  # Cached with the row from now on.
    memory.keep(host, tenant, age=age)
    return tenant
