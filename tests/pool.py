"""What tests of the spare schemas do: look, sign up, and play another release."""

from tasks.roles import DatabaseRole
from tasks.workspace import public_context
from tenants import signup, spares
from tenants.models import SchemaScript
from tenants.provisioning import digest

HERE = "203.0.113.7"


def ready():
    with public_context(DatabaseRole.OPERATOR):
        return spares.names()


def open_one(slug="initech", **changes):
    owner = signup.Owner("Peter Gibbons", f"peter@{slug}.test", "correct horse battery staple")
    fields = {"organization": slug, "subdomain": slug, "owner": owner, "opened_from": HERE}
    tenant, _owner = signup.open_tenant(**fields | changes)
    return tenant


def next_release(monkeypatch):
    """Let the running code be another release's, that has been deployed, too."""
    monkeypatch.setattr(digest, "_of_files", lambda: "another release's files")
    with public_context(DatabaseRole.MIGRATOR):
        statements = SchemaScript.objects.latest("deployed_at").statements
        SchemaScript.objects.create(digest=digest.release_digest(), statements=statements)
