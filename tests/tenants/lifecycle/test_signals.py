"""Signals that products receive: sent once, in the tenant's context, inside the transaction."""

import pytest
from django.db import connection

from accounts.members import services as members
from accounts.models import Role, User
from accounts.users import signals as member_signals
from tenancy.context import current_schema, workspace_context
from tenants.lifecycle import services, signals
from tenants.lifecycle.deletion import delete_tenant
from tenants.lifecycle.errors import TenantStateError
from tenants.models import Tenant
from tenants.signup.services import Owner, open_tenant
from tests.contexts import public_context

OWNER = Owner("Peter Gibbons", "peter@initech.test", "a stapler of red colour")


@pytest.fixture
def received():
    """Each signal, with the schema and number of members that its receiver has seen."""
    found, receivers = [], []

    def connect(name, signal):
        def receive(sender, **arguments):
            assert connection.in_atomic_block
            arguments.pop("signal")
            found.append((name, current_schema(), User.objects.count(), arguments))

        receivers.append((signal, receive))
        signal.connect(receive)

    for name in (
        "tenant_opened", "tenant_suspended", "tenant_resumed", "tenant_deleting",
    ):  # fmt: skip
        connect(name, getattr(signals, name))
    for name in (
        "member_joined", "member_deactivated", "member_reactivated", "member_removed",
        "role_changed",
    ):  # fmt: skip
        connect(name, getattr(member_signals, name))
    yield found
    for signal, receive in receivers:
        signal.disconnect(receive)


@pytest.fixture
def failing():
    """Make the receivers of a signal fail for the test."""
    connected = []

    def connect(signal):
        def fail(**_):
            raise ZeroDivisionError

        connected.append((signal, fail))
        signal.connect(fail)

    yield connect
    for signal, fail in connected:
        signal.disconnect(fail)


def names_of(received):
    return [name for name, *_ in received]


def test_a_sign_up_announces_its_owner_and_its_tenant(acme, received):
    tenant, owner = open_tenant(organization="Initech", subdomain="initech", owner=OWNER)

    assert received == [
        ("member_joined", tenant.schema_name, 1, {"user": owner}),
        ("tenant_opened", tenant.schema_name, 1, {"tenant": tenant, "owner": owner}),
    ]


def test_a_receiver_that_fails_undoes_the_sign_up(committed, failing):
    failing(signals.tenant_opened)

    with pytest.raises(ZeroDivisionError):
        open_tenant(organization="Initech", subdomain="initech", owner=OWNER)

    with public_context():
        assert not Tenant.objects.filter(slug="initech").exists()


def test_suspending_and_resuming_are_announced_once(acme, globex, make_user, received):
    make_user(acme)
    received.clear()

    services.suspend(tenant=acme)
    with pytest.raises(TenantStateError):
        services.suspend(tenant=acme)
    services.resume(tenant=acme)

    assert received == [
        ("tenant_suspended", acme.schema_name, 1, {"tenant": acme}),
        ("tenant_resumed", acme.schema_name, 1, {"tenant": acme}),
    ]


def test_a_receiver_that_fails_leaves_the_tenant_open(acme, failing):
    failing(signals.tenant_suspended)

    with pytest.raises(ZeroDivisionError):
        services.suspend(tenant=acme)

    with public_context():
        assert Tenant.objects.get(pk=acme.pk).is_open


def test_a_deletion_is_announced_while_the_schema_is_there(
    committed, acme, globex, make_user, received
):
    make_user(acme)
    received.clear()

    delete_tenant(tenant=acme)

    assert [(name, schema, people) for name, schema, people, _ in received] == [
        ("tenant_deleting", acme.schema_name, 1)
    ]


def test_a_receiver_that_fails_keeps_the_tenant(committed, acme, failing):
    failing(signals.tenant_deleting)

    with pytest.raises(ZeroDivisionError):
        delete_tenant(tenant=acme)

    with workspace_context(acme):
        assert not User.objects.exists()


def test_members_changes_are_announced_in_their_tenant(acme, globex, make_user, received):
    owner = make_user(acme, "olive@acme.test", role="owner")
    member = make_user(acme, "mia@acme.test")
    received.clear()

    with workspace_context(acme):
        members.change_role(user=member, role=Role.ADMIN, by=owner)
        members.deactivate(user=member, by=owner)
        members.reactivate(user=member, by=owner)
        member.delete()

    assert names_of(received) == [
        "role_changed", "member_deactivated", "member_reactivated", "member_removed",
    ]  # fmt: skip
    assert received[0][3] == {"user": member, "before": "member", "by": owner}
    assert {schema for _name, schema, *_ in received} == {acme.schema_name}


def test_members_created_in_bulk_join_each(acme, received):
    with workspace_context(acme):
        User.objects.bulk_create(
            [User(email=f"{name}@acme.test", full_name=name) for name in ("ada", "bob")]
        )

    assert names_of(received) == ["member_joined", "member_joined"]


def test_operators_join_no_tenant(db, make_operator, received):
    make_operator()

    assert received == []


def test_a_receiver_that_fails_undoes_the_change_of_role(acme, make_user, failing):
    owner, member = make_user(acme, "olive@acme.test", role="owner"), make_user(acme)
    failing(member_signals.role_changed)

    with workspace_context(acme):
        with pytest.raises(ZeroDivisionError):
            members.change_role(user=member, role=Role.ADMIN, by=owner)
        member.refresh_from_db()

    assert member.role == Role.MEMBER
