"""An owner at work in a console, beside a tenant whose rows could leak into it."""

import pytest

from accounts import services
from accounts.models import Invitation
from tasks.models import Message
from tenancy.context import workspace_context


@pytest.fixture
def owner(acme, make_user):
    return make_user(acme, "olive@acme.test", role="owner", full_name="Olive Owner")


@pytest.fixture
def admin(acme, make_user):
    return make_user(acme, "adam@acme.test", role="admin", full_name="Adam Admin")


@pytest.fixture
def member(acme, make_user):
    return make_user(acme, "mia@acme.test", full_name="Mia Member")


@pytest.fixture
def unverified(acme, make_user):
    return make_user(acme, "uma@acme.test", role="owner", verified=False, full_name="Uma Unsure")


@pytest.fixture
def stranger(globex, make_user):
    """An owner next door."""
    return make_user(globex, "gus@globex.test", role="owner", full_name="Gus Globex")


@pytest.fixture
def console(acme, owner, client_of):
    """The owner's browser."""
    return client_of(acme, owner)


@pytest.fixture
def invite():
    """Invite an address, and return the invitation."""

    def make(tenant, by, email, role="member"):
        with workspace_context(tenant):
            return services.invite(email=email, role=role, by=by)

    return make


@pytest.fixture
def letters_of():
    """A tenant's letters of one kind, the oldest first."""

    def find(tenant, kind="invitation"):
        with workspace_context(tenant):
            rows = Message.objects.of_schema(tenant.schema_name).filter(kind=kind)
            return list(rows.order_by("created_at", "id"))

    return find


@pytest.fixture
def invitations_of():
    def find(tenant):
        with workspace_context(tenant):
            return list(Invitation.objects.order_by("email"))

    return find


@pytest.fixture
def reload():
    """Read a row again, in its tenant."""

    def again(tenant, row):
        with workspace_context(tenant):
            row.refresh_from_db()
        return row

    return again


@pytest.fixture
def said():
    """The messages that a followed answer shows."""

    def sentences(response):
        return [str(message) for message in response.context["messages"]]

    return sentences
