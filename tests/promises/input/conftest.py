"""One of each kind of person, and rows whose ids they may put into an address."""

import random

import pytest
from django.apps import apps
from django.conf import settings as project

from accounts.invitations import services
from tenancy.context import database_role, workspace_context
from tenancy.roles import MIGRATOR
from tests.clients import Client
from tests.contexts import public_context
from tests.promises.input.people import Person
from tests.promises.input.routes import BASE, TENANT

OPERATORS, PEOPLE = ("visitor", "operator"), ("visitor", "member", "admin", "owner", "unverified")
ASKING = [(BASE, name) for name in OPERATORS] + [(TENANT, name) for name in PEOPLE]


@pytest.fixture
def dice(request):
    """Chance that a failure can be repeated with: its seed is pytest-randomly's."""
    return random.Random(f"{random.getrandbits(32)}")  # noqa: S311  # No secret.


@pytest.fixture
def unlimited(settings):
    """No rate limits: they would answer in the place of what is attacked."""
    settings.RATE_LIMITS = False
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.fixture
def asks(acme, globex, make_user, make_operator, unlimited):
    """Return the person of a kind on a kind of host, in a workspace where things have happened."""
    people = {
        "member": make_user(acme, "mia@acme.test"),
        "admin": make_user(acme, "adam@acme.test", role="admin", password=None),
        "owner": make_user(acme, "olive@acme.test", role="owner", password=None),
        "unverified": make_user(acme, "uma@acme.test", role="owner", verified=False, password=None),
    }
    make_user(globex, "gus@globex.test", role="owner", password=None)
    with workspace_context(acme):
        services.invite(email="ivy@acme.test", role="member", by=people["owner"])

    def find(urlconf, name):
        if urlconf == BASE:
            return _on_base(name, make_operator)
        client = Client(SERVER_NAME=acme.host, raise_request_exception=False)
        if name != "visitor":
            with workspace_context(acme):
                client.force_login(people[name])
        return Person(name, urlconf, client, _kept(client))

    return find


def _on_base(name, make_operator):
    client = Client(SERVER_NAME=project.BASE_DOMAIN, raise_request_exception=False)
    if name == "operator":
        with public_context():
            client.force_login(make_operator())
    kept = _kept(client)
    if session := kept.pop(project.SESSION_COOKIE_NAME, ""):
        kept[project.OPERATOR_COOKIE_NAME] = session
    return Person(name, BASE, client, kept)


def _kept(client):
    return {name: cookie.value for name, cookie in client.cookies.items()}


@pytest.fixture
def ids(asks, acme):
    """The key of every row that people's addresses could name: all models, here and in public."""

    def read(urlconf):
        found = []
        context = public_context() if urlconf == BASE else workspace_context(acme)
        with database_role(MIGRATOR), context:
            for model in apps.get_models():
                if model._meta.managed and not model._meta.proxy:
                    found += [str(pk) for pk in model.objects.values_list("pk", flat=True)[:3]]
        return list(dict.fromkeys(found))

    return read
