"""Opening an organisation: all of it, or nothing; once, however often it is asked for."""

import threading
import uuid

import pytest
from django.db import connection

from accounts.models import Profile, Role, User
from tasks.models import Message
from tenancy.context import workspace_context
from tenants.models import DirectoryEntry, Domain, Tenant
from tenants.organisations.errors import NameReservedError
from tenants.signup import services as signup
from tenants.signup.errors import NameTakenError
from tests.contexts import public_context

OWNER = signup.Owner("Peter Gibbons", "Peter@Initech.test", "correct horse battery staple")


def open_initech(**changes):
    return signup.open_tenant(
        **{"organization": "Initech", "subdomain": "initech", "owner": OWNER, **changes}
    )


def everything():
    """Count all that a sign-up could leave behind."""
    with public_context(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 't\\_%%'")
        (schemas,) = cursor.fetchone()
        rows = [m.objects.count() for m in (Tenant, Domain, DirectoryEntry, Message)]
    return [schemas, *rows]


def test_sign_up_opens_tenant_domain_schema_owner_and_enqueues_the_welcome(db):
    tenant, owner = open_initech()

    with workspace_context(tenant):
        assert list(User.objects.values_list("email", "role")) == [
            ("peter@initech.test", Role.OWNER)
        ]
        assert Profile.objects.get().user == owner
        address = owner.emailaddress_set.get()
        assert (address.email, address.verified, address.primary) == (owner.email, False, True)
    with public_context():
        assert tenant.domains.get().domain == "initech.localhost"
        assert DirectoryEntry.objects.get().schema_name == tenant.schema_name
        assert Message.objects.get().user_id == owner.pk
    assert tenant.schema_name != tenant.slug
    assert connection.schema_name is None


def test_where_a_new_tenant_is_need_not_be_asked(db, django_assert_num_queries):
    tenant, _owner = open_initech()

    with django_assert_num_queries(0):
        origin = tenant.origin

    with public_context():
        assert origin == Tenant.objects.get(pk=tenant.pk).origin


def test_the_owner_exists_nowhere_else(acme):
    _tenant, owner = open_initech()

    with workspace_context(acme):
        assert not User.objects.filter(pk=owner.pk).exists()
    with public_context():
        assert not User.objects.exists()


@pytest.mark.parametrize(
    "broken",
    [
        "tenants.models.Domain.save_base",
        "tenants.signup.services.create_schema",
        "accounts.profiles.receivers.Profile.objects.create",
        "accounts.profiles.receivers.outbox.enqueue",
        "tenants.directory.services.list_people",
    ],
)
def test_a_failure_at_any_step_leaves_nothing(committed, monkeypatch, broken):
    before = everything()

    class BrokenError(Exception):
        pass

    def break_down(*_, **__):
        raise BrokenError

    monkeypatch.setattr(broken, break_down)
    with pytest.raises(BrokenError):
        open_initech()

    assert everything() == before
    monkeypatch.undo()
    open_initech()


def test_a_taken_name_is_refused_in_any_case(acme):
    with pytest.raises(NameTakenError):
        open_initech(subdomain="ACME")


def test_a_reserved_name_is_refused(db):
    with pytest.raises(NameReservedError):
        open_initech(subdomain="adm1n")


def test_the_same_form_continues_to_what_it_opened(db):
    key = uuid.uuid4()
    first = open_initech(idempotency_key=key)
    after_first = everything()

    again = open_initech(idempotency_key=key)

    assert again == first
    assert everything() == after_first


def test_another_form_does_not_continue_with_the_same_data(db):
    open_initech(idempotency_key=uuid.uuid4())

    with pytest.raises(NameTakenError):
        open_initech(idempotency_key=uuid.uuid4())


def test_continuing_takes_the_password(db):
    key = uuid.uuid4()
    open_initech(idempotency_key=key)
    stranger = signup.Owner("Mallory", OWNER.email, "another password altogether")

    with pytest.raises(NameTakenError):
        open_initech(idempotency_key=key, owner=stranger)


def test_a_form_that_is_changed_and_sent_again_opens_a_second_tenant(db):
    key = uuid.uuid4()
    first, _ = open_initech(idempotency_key=key)

    second, _ = open_initech(idempotency_key=key, subdomain="initrode")

    assert first.pk != second.pk


def test_of_a_hundred_who_race_for_one_name_one_wins(committed, monkeypatch):
    # A hundred connections at once take a small machine longer than a page may take.
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "connect_timeout", 60)
    before = everything()
    outcomes = []
    start = threading.Barrier(100)

    def race(number):
        start.wait()
        owner = signup.Owner("Racer", f"racer-{number}@initech.test", OWNER.password)
        try:
            outcomes.append(open_initech(owner=owner)[0].pk)
        except NameTakenError as error:
            outcomes.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    winners = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert len(winners) == 1
    assert outcomes.count(str(NameTakenError())) == 99
    assert [now - then for now, then in zip(everything(), before, strict=True)] == [1] * 5
