"""What the tests about people share: their letters, and what they typed."""

import re

import pytest


@pytest.fixture
def letters():
    """Return what waits in the outbox of a tenant (of public, with None), oldest first."""
    from tasks.models import Message
    from tasks.payloads import unseal
    from tests.contexts import public_context

    def read(tenant):
        schema_name = tenant.schema_name if tenant else "public"
        with public_context():
            rows = Message.objects.filter(schema_name=schema_name).order_by("created_at")
            return [
                {"kind": row.kind, "user_id": row.user_id, "expires_at": row.expires_at}
                | (unseal(row) if row.payload else {})
                for row in rows
                if row.kind != "welcome"
            ]

    return read


@pytest.fixture
def code_of(letters):
    """Return the code in a tenant's last letter."""

    def read(tenant):
        last = letters(tenant)[-1]
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
def reset_path(letters):
    """Return the path of the reset link in a tenant's last letter."""

    def read(tenant):
        url = letters(tenant)[-1]["context"]["password_reset_url"]
        return url.removeprefix(tenant.origin)

    return read
