"""Creating the examples: through the same services as real tenants, then backdated.

Existing rows are not changed, so an interrupted run can be resumed.
"""

from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.models import Profile, User
from operations.management.examples import history
from operations.management.examples.organisations import Organisation, Person
from tenancy.context import public_context, workspace_context
from tenants.models import Tenant
from tenants.roles import OPERATOR
from tenants.signup.errors import NameTakenError
from tenants.signup.services import Owner, open_tenant


def make_tenant(organisation: Organisation, password: str) -> Tenant:
    """Return the organisation's tenant. Raises `NameTakenError` if a real tenant has its name."""
    with public_context():
        tenant = Tenant.objects.filter(slug=organisation.subdomain).first()
    if tenant and tenant.idempotency_key != organisation.idempotency_key:
        raise NameTakenError
    return tenant or _open(organisation, password)


def make_people(organisation: Organisation, tenant: Tenant, password: str) -> int:
    """Add the missing members with their profiles. Return how many."""
    with workspace_context(tenant):
        known = set(User.objects.values_list("email", flat=True))
        missing = [p for p in organisation.people if organisation.email_of(p.mailbox) not in known]
        # One hash for all: they share the password, and hashing is slow by design.
        password_hash = make_password(password)
        with transaction.atomic():
            for person in missing:
                _join(organisation, person, password_hash)
    return len(missing)


def make_history(organisation: Organisation, tenant: Tenant) -> None:
    """Add invitations and messages as real use would have left them. No e-mail is sent."""
    with workspace_context(tenant), transaction.atomic():
        by_mailbox = {user.email.split("@")[0]: user for user in User.objects.all()}
        history.invite_all(organisation, by=User.objects.owners().order_by("joined_at")[0])
        for person in organisation.people:
            if user := by_mailbox.get(person.mailbox):
                history.welcome(organisation, person, user)


def _open(organisation: Organisation, password: str) -> Tenant:
    first = organisation.people[0]
    owner = Owner(
        full_name=first.full_name,
        email=organisation.email_of(first.mailbox),
        password=password,
        language=organisation.language,
        email_verified=True,
    )
    tenant, user = open_tenant(
        organization=organisation.name,
        subdomain=organisation.subdomain,
        owner=owner,
        idempotency_key=organisation.idempotency_key,
        welcome=False,
    )
    with public_context(OPERATOR):
        Tenant.objects.filter(pk=tenant.pk).update(
            created_at=organisation.opened_at, time_zone=organisation.time_zone
        )
    with workspace_context(tenant):
        User.objects.filter(pk=user.pk).update(
            joined_at=organisation.opened_at, time_zone=organisation.time_zone
        )
        _describe(organisation, first, user)
    return tenant


def _join(organisation: Organisation, person: Person, password_hash: str) -> None:
    joined_at, now = organisation.joined_at(person), timezone.now()
    user = User.objects.create_user(
        organisation.email_of(person.mailbox),
        password_hash=password_hash,
        welcome=False,
        email_verified=True,
        full_name=person.full_name,
        language=organisation.language,
        time_zone=organisation.time_zone,
        role=person.role,
        is_active=person.mailbox not in organisation.deactivated,
        joined_at=joined_at,
        # At 90 % of the time from joining to now, but at least an hour ago.
        last_login=min(joined_at + (now - joined_at) * 0.9, now - timedelta(hours=1)),
    )
    _describe(organisation, person, user)


def _describe(organisation: Organisation, person: Person, user: User) -> None:
    Profile.objects.filter(pk=user.pk).update(
        phone_number=organisation.phone_of(person), country=organisation.country, **person.profile
    )
