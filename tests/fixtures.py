"""What the tests stand on: a migrated template, two tenants whose data could leak.

`python -m dev test` starts the servers and names them in the environment. One database is
migrated, once; every pytest process works in a clone of it, and tests that commit get a
clone of their own.
"""

import functools
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.cache import cache, caches
from django.db import connection
from django.utils import timezone, translation

from dev.locks import Lock
from tenancy import circuit_breaker
from tests.environment import WORKER
from tests.template import make as make_template

PASSWORD = "correct horse battery staple"


# --- Databases ---


@pytest.fixture(scope="session")
def administrator() -> str:
    """The URL of a role that may create databases."""
    return os.environ.get("DATABASE_ADMIN_URL", os.environ["DATABASE_URL"])


@pytest.fixture
def empty_database(administrator) -> Iterator[dict[str, str]]:
    """The environment of a project with an empty database and a login of its own."""
    name = f"empty_{uuid.uuid4().hex[:8]}"
    parts = urlsplit(administrator)
    host = parts.netloc.rpartition("@")[2]
    # Not to the template, which must have no other session while it is copied.
    elsewhere = urlunsplit(parts._replace(path="postgres"))
    with psycopg.connect(elsewhere, autocommit=True) as server:
        server.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield {
            "DATABASE_URL": urlunsplit(parts._replace(netloc=f"{name}:{name}@{host}", path=name)),
            "DATABASE_ADMIN_URL": urlunsplit(parts._replace(path=name)),
        }
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        roles = "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)"
        for (role,) in server.execute(roles, [name]).fetchall():
            server.execute(f"DROP ROLE {role}")


@pytest.fixture(scope="session")
def gate(administrator) -> Callable[[], AbstractContextManager[None]]:
    """Keep the other test processes from the template meanwhile: it has one user at a time."""
    digest = uuid.uuid5(uuid.NAMESPACE_URL, administrator).hex
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"template-{digest}"  # noqa: S108  # A lock, of no content.

    @contextmanager
    def hold() -> Iterator[None]:
        lock = Lock(path)
        lock.acquire(wait=True)
        try:
            yield
        finally:
            lock.release()

    return hold


@pytest.fixture(scope="session")
def template(gate, administrator, django_db_blocker) -> str:
    """The migrated database that all others are cloned from, made by the first process."""
    with gate(), django_db_blocker.unblock():
        make_template(administrator)
        connection.close()
    return settings.DATABASES["default"]["NAME"]


@pytest.fixture(scope="session")
def clone(template, gate, administrator) -> Callable[[str], str]:
    """Clone the template under a name."""
    from tenancy.privileges import database_statements

    def make(name: str) -> str:
        with gate(), psycopg.connect(administrator, autocommit=True) as server:
            server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
            for statement in database_statements(name):
                server.execute(statement)
        return name

    return make


def _use(name: str) -> None:
    """Point the connections of this process, and of those that it starts, at a database."""
    connection.close()
    connection.settings_dict["NAME"] = name
    url = urlsplit(os.environ["DATABASE_URL"])
    os.environ["DATABASE_URL"] = urlunsplit(url._replace(path=f"/{name}"))


def _drop(administrator: str, name: str) -> None:
    with psycopg.connect(administrator, autocommit=True) as server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def django_db_setup(clone, administrator, django_db_blocker) -> Iterator[None]:
    """Point Django at this process's clone of the template."""
    name = clone(f"test_{WORKER or 'main'}")
    with django_db_blocker.unblock():
        _use(name)
    yield
    with django_db_blocker.unblock():
        connection.close()
    _drop(administrator, name)


@pytest.fixture
def committed(django_db_setup, clone, administrator, django_db_blocker) -> Iterator[None]:
    """A database of the test's own, in which what is committed is committed."""
    before = connection.settings_dict["NAME"]
    name = clone(f"test_{uuid.uuid4().hex[:12]}")
    with django_db_blocker.unblock():
        _use(name)
        yield
        _use(before)
    _drop(administrator, name)


@pytest.fixture
def place(committed: None, administrator: str) -> str:
    """Where the test's own database is, for an administrator."""
    name = connection.settings_dict["NAME"]
    return psycopg.conninfo.make_conninfo(administrator, dbname=name)


@pytest.fixture
def aside(place: str) -> Iterator["psycopg.Connection[Any]"]:
    """Somebody else at work in the same database."""
    with psycopg.connect(place) as other:
        yield other


@pytest.fixture(autouse=True)
def no_context_left() -> Iterator[None]:
    """Fail a test that leaves the thread in somebody's schema."""
    yield
    left, connection.tenant = connection.schema_name, connection.tenant
    connection.clear_tenant()
    assert left is None, f"the test left the context of {left}"


@pytest.fixture(autouse=True)
def nobodys_language() -> Iterator[None]:
    """Forget what the last request of a test chose for its thread, as the next request would."""
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(autouse=True)
def empty_redis() -> Iterator[None]:
    """Start each test with nothing cached, nothing counted, and Redis there."""
    from tenants.domains import hosts

    yield
    hosts.memory.clear()
    circuit_breaker.redis.reset()
    circuit_breaker._queue.reset()
    cache.clear()
    caches["default"].local.clear()


@pytest.fixture(autouse=True)
def media(settings, monkeypatch, tmp_path_factory) -> Path:
    """Return the folder of the test's own uploads, which processes that it starts use as well."""
    folder = tmp_path_factory.getbasetemp() / "media" / uuid.uuid4().hex
    settings.MEDIA_ROOT = folder
    monkeypatch.setenv("MEDIA_ROOT", str(folder))
    return folder


@pytest.fixture(autouse=True)
def patient_hashes(monkeypatch) -> None:
    """Let a hundred threads of one process wait for their hashes, on a busy machine, too."""
    monkeypatch.setattr("accounts.users.hashers.PATIENCE", 120.0)


# --- Tenants and people ---


@pytest.fixture
def acme(request):
    """An open tenant without people."""
    return _tenant(request, "acme")


@pytest.fixture
def globex(request):
    """Another one, whose data could leak."""
    return _tenant(request, "globex")


def _tenant(request, slug):
    from tenants.models import Tenant
    from tests.contexts import public_context

    if "committed" not in request.fixturenames:
        request.getfixturevalue("db")
    with public_context():
        return Tenant.objects.get(slug=slug)


@functools.cache
def _hashed(password: str) -> str:
    """Hash a password once in a test run: a third of the time of most tests went into that."""
    return make_password(password)


@pytest.fixture
def make_user():
    """Make a person of a tenant, with a verified address unless told otherwise."""
    from accounts.models import User
    from tenancy.context import workspace_context

    def make(tenant, email="ada@example.test", *, verified=True, password=PASSWORD, **fields):
        fields.setdefault("full_name", email.split("@")[0].title())
        fields["password_hash"] = _hashed(password) if password else None
        with workspace_context(tenant):
            return User.objects.create_user(email, email_verified=verified, **fields)

    return make


@pytest.fixture
def make_operator():
    """Make an operator: a user of the public schema."""
    from accounts.models import User
    from tests.contexts import public_context

    def make(email="operator@example.test", password=PASSWORD):
        with public_context():
            hashed = _hashed(password)
            return User.objects.create_superuser(
                email, password_hash=hashed, full_name="Olga Operator"
            )

    return make


@pytest.fixture
def client_of():
    """A client on a tenant's host, signed in as one of its people where one is given."""
    from tenancy.context import workspace_context
    from tests.clients import Client

    def make(tenant, user=None, **defaults):
        client = Client(SERVER_NAME=tenant.host, **defaults)
        if user is not None:
            with workspace_context(tenant):
                client.force_login(user)
        return client

    return make


@pytest.fixture
def base_client():
    """A visitor on the base host."""
    from tests.clients import Client

    return Client(SERVER_NAME=settings.BASE_DOMAIN)


@pytest.fixture
def operator_client(base_client, make_operator, db):
    """An operator, signed in on the base host."""
    from tests.contexts import public_context

    operator = make_operator()
    with public_context():
        base_client.force_login(operator)
    session = base_client.cookies.pop(settings.SESSION_COOKIE_NAME)
    base_client.cookies[settings.OPERATOR_COOKIE_NAME] = session.value
    return base_client


@pytest.fixture
def declare(monkeypatch):
    """Add entries to a registry, as an app's `tenantry.py` would, for the test alone."""

    def add(registry, *entries):
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))
        monkeypatch.setattr(registry, "duplicates", list(registry.duplicates))
        registry.register(*entries)

    return add


@pytest.fixture
def only(monkeypatch, declare):
    """Leave these entries alone in a registry: an installed product may declare others."""

    def fill(registry, *entries):
        monkeypatch.setattr(registry, "_entries", {})
        declare(registry, *entries)

    return fill


# --- E-mails ---


@pytest.fixture
def sign_up_data():
    """What a visitor types."""

    def make(**changes):
        return {
            "organization": "Initech",
            "subdomain": "initech",
            "full_name": "Peter Gibbons",
            "email": "peter@initech.test",
            "password": PASSWORD,
            "terms": "on",
            **changes,
        }

    return make
