"""What the tests about people share: their e-mails, and what they typed."""

import re

import pytest

from accounts.invitations import services
from accounts.models import Invitation
from tasks.models import Message
from tenancy.context import workspace_context


@pytest.fixture
def outbox_of():
    """Return the messages of a tenant (of public, with None), decrypted, oldest first."""
    from tasks.models import Message
    from tasks.payloads import decrypt
    from tests.contexts import public_context

    def read(tenant):
        schema_name = tenant.schema_name if tenant else "public"
        with public_context():
            rows = Message.objects.filter(schema_name=schema_name).order_by("created_at")
            return [
                {"kind": row.kind, "user_id": row.user_id, "expires_at": row.expires_at}
                | (decrypt(row) if row.payload else {})
                for row in rows
                if row.kind != "welcome"
            ]

    return read


@pytest.fixture
def code_of(outbox_of):
    """Return the code in a tenant's last e-mail."""

    def read(tenant):
        last = outbox_of(tenant)[-1]
        assert last["kind"] == "email_confirmation_code"
        return last["context"]["code"]

    return read


@pytest.fixture
def visible():
    """Return a page's text, as somebody reads it."""

    def read(response):
        text = re.sub(
            r"<(script|style).*?</\1>|<[^>]+>", " ", response.content.decode(), flags=re.DOTALL
        )
        return " ".join(text.split())

    return read


@pytest.fixture
def reset_path(outbox_of):
    """Return the path of the reset link in a tenant's last e-mail."""

    def read(tenant):
        url = outbox_of(tenant)[-1]["context"]["password_reset_url"]
        return url.removeprefix(tenant.origin)

    return read


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
def messages_of():
    """A tenant's messages of one kind, the oldest first."""

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
