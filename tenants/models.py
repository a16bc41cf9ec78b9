"""The models of this app's capabilities, where Django looks for them."""

from tenants.directory.models import DirectoryEntry
from tenants.domains.models import Domain
from tenants.lifecycle.models import QuarantinedSubdomain
from tenants.organisations.models import Tenant, host_of

__all__ = ["DirectoryEntry", "Domain", "QuarantinedSubdomain", "Tenant", "host_of"]
