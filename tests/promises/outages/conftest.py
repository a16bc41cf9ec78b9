"""What the outages' attacks share: one service, on servers of its own that they kill."""

import uuid

import pytest

from tests.faulty_smtp import FaultySMTP
from tests.stacks import on_own_servers


@pytest.fixture(scope="session")
def smtp():
    """A mail server that fails when told to."""
    with FaultySMTP() as running:
        yield running


@pytest.fixture(scope="session")
def stood(tmp_path_factory, smtp):
    """The stack and its servers, started once: what an attack breaks, it mends."""
    place = tmp_path_factory.mktemp("outages")
    changes = {"EMAIL_URL": smtp.url}
    with on_own_servers(place, "web", "worker", "beat", **changes) as (stack, servers):
        yield stack, servers


@pytest.fixture
def stack(stood):
    return stood[0]


@pytest.fixture
def servers(stood):
    return stood[1]


@pytest.fixture
def slug():
    """A subdomain that no other test has taken."""
    return f"org{uuid.uuid4().hex[:10]}"
