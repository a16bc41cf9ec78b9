"""What tests of the spare schemas do: look, sign up, and play another release."""

from tenancy import schema_pool
from tenancy.context import public_context
from tenancy.models import SchemaSnapshot
from tenancy.provisioning import fingerprint
from tenancy.roles import MIGRATOR
from tenants.roles import OPERATOR
from tenants.signup import services as signup

HERE = "203.0.113.7"


def ready():
    with public_context(OPERATOR):
        return schema_pool.names()


def open_one(slug="initech", **changes):
    owner = signup.Owner("Peter Gibbons", f"peter@{slug}.test", "correct horse battery staple")
    fields = {"organization": slug, "subdomain": slug, "owner": owner, "opened_from": HERE}
    tenant, _owner = signup.open_tenant(**fields | changes)
    return tenant


def next_release(monkeypatch):
    """Let the running code be another release's, that has been deployed, too."""
    monkeypatch.setattr(fingerprint, "_of_files", lambda: "another release's files")
    with public_context(MIGRATOR):
        statements = SchemaSnapshot.objects.latest("deployed_at").statements
        SchemaSnapshot.objects.create(digest=fingerprint.release_digest(), statements=statements)
