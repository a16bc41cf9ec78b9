"""The heart: whoever is saved has a profile and an address, or isn't there."""

import pytest
from allauth.account.models import EmailAddress
from django.core import serializers
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models.signals import post_save

from accounts.models import Profile, User
from accounts.profiles import checks, receivers
from accounts.users.errors import BulkChangeError
from tasks.models import Message
from tenancy.context import workspace_context
from tenants.directory.services import tenants_of
from tenants.models import DirectoryEntry
from tests.contexts import public_context


def new(email="ada@acme.test"):
    return User(email=email, full_name="Ada Lovelace")


class BrokenError(Exception):
    pass


@pytest.fixture
def broken_profiles(monkeypatch):
    def break_down(**_):
        raise BrokenError

    monkeypatch.setattr(Profile.objects, "create", break_down)


def test_in_autocommit_a_profile_that_fails_takes_the_user_with_it(
    committed, acme, broken_profiles
):
    with workspace_context(acme):
        assert not connection.in_atomic_block
        with pytest.raises(BrokenError):
            new().save()

        assert User.objects.count() == 0
        assert EmailAddress.objects.count() == 0
    with public_context():
        assert Message.objects.count() == 0


def test_in_autocommit_a_welcome_that_fails_takes_user_and_profile_with_it(
    committed, acme, monkeypatch
):
    def break_down(*_, **__):
        raise BrokenError

    monkeypatch.setattr("accounts.profiles.receivers.outbox.enqueue", break_down)

    with workspace_context(acme):
        with pytest.raises(BrokenError):
            new().save()

        assert (User.objects.count(), Profile.objects.count()) == (0, 0)


def test_in_autocommit_user_profile_address_and_welcome_are_committed_together(committed, acme):
    with workspace_context(acme):
        user = new()
        user.save()
        connection.close()

        assert User.objects.get().profile.user_id == user.pk
        assert EmailAddress.objects.get().email == "ada@acme.test"
    with public_context():
        assert Message.objects.get().schema_name == acme.schema_name


@pytest.mark.parametrize(
    "make",
    [
        lambda: User.objects.create_user("ada@acme.test", "x", full_name="Ada"),
        lambda: User.objects.create(email="ada@acme.test", full_name="Ada"),
        lambda: User.objects.get_or_create(email="ada@acme.test"),
        lambda: User.objects.bulk_create([new()]),
        lambda: User.objects.create_superuser("ada@acme.test", "x", full_name="Ada"),
        lambda: new().save(force_insert=True),
    ],
)
def test_every_way_of_making_a_user_makes_them_whole(acme, globex, make):
    with workspace_context(acme):
        make()
        user = User.objects.get()

        assert user.profile.pk == user.pk
        assert user.emailaddress_set.get().email == user.email
    with public_context():
        assert DirectoryEntry.objects.get().schema_name == acme.schema_name
    with workspace_context(globex):
        assert (User.objects.count(), Profile.objects.count()) == (0, 0)


def test_saving_again_opens_no_second_profile(acme, make_user):
    user = make_user(acme)

    with workspace_context(acme):
        user.full_name = "Ada King"
        user.save()

        assert Profile.objects.count() == 1
    with public_context():
        assert Message.objects.count() == 1


def test_bulk_operations_that_would_go_round_the_profile_are_refused(acme, make_user):
    user = make_user(acme)
    with workspace_context(acme):
        for refused in (
            lambda: User.objects.bulk_create([new()], ignore_conflicts=True),
            lambda: User.objects.bulk_update([user], ["email"]),
            lambda: User.objects.update(email="x@acme.test"),
        ):
            with pytest.raises(BulkChangeError):
                refused()


def test_bulk_create_is_all_or_nothing(committed, acme, broken_profiles):
    with workspace_context(acme):
        with pytest.raises(BrokenError):
            User.objects.bulk_create([new(), new("bob@acme.test")])

        assert User.objects.count() == 0


def test_a_fixture_brings_its_own_profile(acme, make_user, tmp_path):
    user = make_user(acme)
    pk = user.pk
    fixture = tmp_path / "people.json"
    with workspace_context(acme):
        fixture.write_text(serializers.serialize("json", [user, user.profile]))
        user.delete()

        call_command("loaddata", str(fixture), verbosity=0)

        assert User.objects.get().profile.pk == pk
        assert EmailAddress.objects.count() == 0


def test_an_address_is_one_persons_in_a_tenant_and_anothers_elsewhere(acme, globex, make_user):
    make_user(acme, "ada@example.test")
    make_user(globex, "ada@example.test")

    with workspace_context(acme), pytest.raises(IntegrityError), transaction.atomic():
        new("ADA@example.test").save()


def test_the_directory_follows_the_address(acme, globex, make_user):
    ada = make_user(acme, "ada@example.test")
    make_user(globex, "ada@example.test")
    with workspace_context(acme):
        ada.email = "ada@new.test"
        ada.save(update_fields=["email"])

    with public_context():
        assert tenants_of("Ada@Example.test") == [globex]
        assert tenants_of("ada@new.test") == [acme]
        entries = DirectoryEntry.objects.values_list("address_hash", flat=True)
        assert not any("@" in entry for entry in entries)
    with workspace_context(acme):
        ada.delete()
    with public_context():
        assert tenants_of("ada@new.test") == []


def test_an_operator_is_in_no_directory(db, make_operator):
    make_operator()

    with public_context():
        assert DirectoryEntry.objects.count() == 0


def test_the_check_says_when_no_receiver_is_connected():
    assert checks.receiver_is_connected() == []

    post_save.disconnect(dispatch_uid="accounts.open_profile", sender=User)
    try:
        assert [error.id for error in checks.receiver_is_connected()] == ["accounts.E001"]
    finally:
        post_save.connect(receivers.open_profile, sender=User, dispatch_uid="accounts.open_profile")
