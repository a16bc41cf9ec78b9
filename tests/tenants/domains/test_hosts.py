"""What a process remembers of hosts: its own, for a moment, and only as long as it is true."""

import os
import subprocess
import sys
import time
from time import monotonic

import pytest
from django.db import connection

from tenancy import pubsub
from tenants.domains import hosts
from tenants.lifecycle import services
from tenants.models import Domain, Tenant
from tests.brokers import subscribe_anew
from tests.contexts import public_context


@pytest.fixture
def later(monkeypatch):
    """Move the clock of what is remembered."""

    def move(seconds):
        monkeypatch.setattr(hosts, "monotonic", lambda: monotonic() + seconds)

    return move


@pytest.fixture(autouse=True)
def up_to_date():
    """Read what earlier tests have published: it would invalidate what these tests cache."""
    time.sleep(pubsub.SECONDS_BETWEEN_READS)
    hosts.changes.poll()
    hosts.memory.clear()


def status_behind_our_back(tenant, status):
    with public_context():
        Tenant.objects.filter(pk=tenant.pk).update(status=status)


def test_a_host_is_asked_for_once(acme, django_assert_num_queries):
    hosts.find_tenant(acme.host)

    with django_assert_num_queries(0):
        assert hosts.find_tenant(acme.host) == acme
        assert hosts.find_tenant(acme.host).primary_host == "acme.localhost"


def test_a_lost_announcement_matters_for_seconds(acme, globex, later):
    assert hosts.find_tenant(acme.host).is_open
    status_behind_our_back(acme, "suspended")
    assert hosts.find_tenant(acme.host).is_open, "this is what was lost"

    later(hosts.SECONDS + 1)

    assert not hosts.find_tenant(acme.host).is_open
    assert hosts.find_tenant(globex.host).is_open


def test_a_deleted_host_is_gone_within_seconds(acme, later):
    assert hosts.find_tenant(acme.host) == acme
    with public_context():
        Domain.objects.filter(domain=acme.host).delete()
    # Nothing commits in here, so nobody was told.
    later(hosts.SECONDS + 1)

    assert hosts.find_tenant(acme.host) is None


def test_nobody_changes_what_others_are_given(acme):
    first = hosts.find_tenant(acme.host)
    first.name, first.status = "Mine", "suspended"
    second = hosts.find_tenant(acme.host)
    second._state.fields_cache["x"] = first

    third = hosts.find_tenant(acme.host)

    assert (third.name, third.is_open, third._state.fields_cache) == ("Acme", True, {})


def test_what_was_read_before_a_change_is_not_kept(acme, monkeypatch):
    """A page reads the row; it changes, and the word comes; then the page remembers it."""
    age = hosts.memory.age
    hosts.forget(acme.host)

    hosts.memory.keep(acme.host, acme, age=age)

    assert hosts.memory.find(acme.host) is None


def test_memory_is_bounded(acme, monkeypatch):
    monkeypatch.setattr(hosts, "MOST_HOSTS", 3)

    for number in range(10):
        hosts.memory.keep(f"h{number}.test", acme, age=hosts.memory.age)

    assert len(hosts.memory._known) == 3
    assert hosts.memory.find("h9.test") == acme
    assert hosts.memory.find("h0.test") is None


OTHER_PROCESS = """
import django, sys; django.setup()
from tenancy.context import public_context
from tenants.lifecycle import services
from tenants.models import Tenant
with public_context():
    tenant = Tenant.objects.get(slug=sys.argv[1])
services.suspend(tenant=tenant)
"""


def test_another_process_s_change_is_heard(committed, acme, globex, client_of, monkeypatch):
    monkeypatch.setattr(pubsub, "SECONDS_BETWEEN_READS", 0)
    monkeypatch.setattr(hosts, "SECONDS", 3600)
    subscribe_anew(hosts.changes)
    clients = client_of(acme), client_of(globex)
    assert [c.get("/accounts/login/").status_code for c in clients] == [200, 200]

    in_other_process(OTHER_PROCESS, "acme")

    deadline = monotonic() + 60
    while clients[0].get("/accounts/login/").status_code != 403 and monotonic() < deadline:
        time.sleep(0.01)
    assert [c.get("/accounts/login/").status_code for c in clients] == [403, 200]


def in_other_process(code, *arguments):
    database = connection.settings_dict
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "saas.settings"},
        check=True,
    )


def test_a_change_of_ones_own_is_seen_at_once(committed, acme):
    assert hosts.find_tenant(acme.host).is_open

    services.suspend(tenant=acme)

    assert not hosts.find_tenant(acme.host).is_open
