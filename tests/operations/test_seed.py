"""Example organisations: whole, believable, and nothing is sent to anybody."""

import json

import pytest
from django.core.management import CommandError
from django.utils import timezone

from accounts.models import Invitation, User
from tasks.models import Message
from tenancy.context import workspace_context
from tenants.models import Tenant
from tests.commands import run
from tests.contexts import public_context
from tests.fixtures import PASSWORD

State = Message.State


@pytest.fixture(scope="module")
def example_file():
    from operations.management.examples.organisations import organisations

    return organisations()


def test_seeds_are_whole_and_nothing_is_sent(acme, mailoutbox, example_file):
    said = run("seed")

    run("check_profiles")
    listed = {row["subdomain"]: row["people"] for row in json.loads(run("list_tenants", "--json"))}
    assert listed.pop("acme") == 0
    assert listed.pop("globex") == 0
    assert listed == {each.subdomain: len(each.people) for each in example_file}
    assert all(15 <= people <= 40 for people in listed.values())
    assert mailoutbox == []
    with public_context():
        states = set(Message.objects.values_list("state", flat=True))
        assert states == {State.SENT, State.FAILED, State.DEAD}
        assert not Message.objects.due(timezone.now()).exists()
    for each in example_file:
        assert each.email_of(each.people[0].mailbox) in said


def test_a_seeded_owner_signs_in(db, example_file, client_of):
    run("seed", password=PASSWORD)

    first = example_file[0]
    with public_context():
        tenant = Tenant.objects.get(slug=first.subdomain)
    response = client_of(tenant).post(
        "/accounts/login/", {"login": first.email_of(first.people[0].mailbox), "password": PASSWORD}
    )
    assert (response.status_code, response.url) == (302, "/")


def test_seeding_twice_adds_what_is_missing_alone(db, example_file):
    run("seed")
    with public_context():
        tenant = Tenant.objects.get(slug=example_file[2].subdomain)
        before = Message.objects.count()
    with workspace_context(tenant):
        facts = (User.objects.count(), Invitation.objects.count())
        User.objects.get(full_name="서예린").delete()

    run("seed")

    with workspace_context(tenant):
        assert (User.objects.count(), Invitation.objects.count()) == facts
        korean = User.objects.get(full_name="서예린").profile
        assert (korean.country.code, korean.phone_number.is_valid()) == ("KR", True)
    with public_context():
        assert Message.objects.count() == before + 1


def test_seeding_leaves_a_workspace_of_somebody_elses_alone(db, piped, example_file):
    taken = example_file[0].subdomain
    piped(PASSWORD)
    run("open_tenant", taken, "--name=X", "--email=x@y.test", "--owner=X", "--password-stdin")

    run("seed")

    with public_context():
        tenant = Tenant.objects.get(slug=taken)
    with workspace_context(tenant):
        assert [user.email for user in User.objects.all()] == ["x@y.test"]


def test_seeding_is_for_development(db, settings):
    settings.SAAS_ENV = "production"

    with pytest.raises(CommandError, match="--force"):
        run("seed")

    with public_context():
        assert Tenant.objects.filter(slug="alder-stone").exists() is False
