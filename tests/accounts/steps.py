"""What the tests about people do again and again."""

from django.conf import settings

from accounts.models import User
from accounts.sessions.store import row_key
from tenancy.context import workspace_context
from tests.fixtures import PASSWORD


def sign_in(client, email, password=PASSWORD, at="/accounts/login/", **more):
    return client.post(at, {"login": email, "password": password, **more})


def is_in(client, page="/account/"):
    """Whether a client sees the page of somebody who is signed in."""
    return client.get(page).status_code == 200


def people(tenant):
    with workspace_context(tenant):
        return set(User.objects.values_list("email", flat=True))


def session_key(client):
    """What a client's row is called, in the context of its tenant."""
    return row_key(client.cookies[settings.SESSION_COOKIE_NAME].value)
