"""Opening an organisation: everything it takes, in one transaction."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Role, User
from accounts.names import normalise_email
from tasks.roles import DatabaseRole
from tasks.workspace import acting_as, public_context, workspace_context
from tenants import jobs, names, revisions, spares, unverified
from tenants.errors import NameRestingError, NameTakenError
from tenants.models import Domain, RestingName, Tenant, new_schema_name
from tenants.provisioning.script import prepare
from tenants.schemas import create_schema, take_time

# How long a form whose answer was lost may be sent again.
SENT_AGAIN = timedelta(hours=1)


@dataclass(frozen=True)
class Owner:
    """Who opens an organisation."""

    full_name: str
    email: str
    password: str
    language: str = "en"
    email_verified: bool = False


def open_tenant(
    *,
    organization: str,
    subdomain: str,
    owner: Owner,
    terms_version: str = "",
    opening_key: UUID | None = None,
    opened_from: str = "",
    welcome: bool = True,
) -> tuple[Tenant, User]:
    """Open an organisation: tenant, domain, schema, owner, directory, welcome; or nothing.

    Run twice with one `opening_key` within an hour, it returns what the first run opened.
    Raises `NameInvalidError`, `NameReservedError`, `NameTakenError` and `NameRestingError`;
    with `opened_from`, a visitor's network, `TooManyUnverifiedError` as well.
    """
    slug = names.parse(subdomain)
    with public_context():
        holder, opening_key = _look_up(slug, opening_key)
        refuse_taken(slug, holder, opening_key)
        if opened_from and holder is None:
            unverified.refuse_too_many(email=owner.email, network=opened_from)
        # Outside the transaction: hashing takes long, and holds no lock this way.
        password_hash = make_password(owner.password)
        origin = unverified.origin_hash(opened_from)
        release = _release_to_claim(origin)
        try:
            with acting_as(DatabaseRole.SIGNUP), transaction.atomic(durable=True):
                # Before the insert: who loses a race waits there for as long as the winner works.
                take_time()
                ready = spares.claim(digest=release)
                tenant = _create_tenant(
                    schema_name=ready or new_schema_name(),
                    name=organization,
                    slug=slug,
                    language=owner.language,
                    terms_version=terms_version,
                    opening_key=opening_key,
                    opened_from=origin,
                    revision=str(revisions.target()),
                )
                _complete_schema(tenant.schema_name, is_ready=bool(ready))
                return tenant, _create_owner(tenant, owner, password_hash, welcome=welcome)
        except NameTakenError:
            return _opened_before(slug, owner, opening_key)


def _release_to_claim(origin: str) -> str | None:
    """Return whose spare schemas a visitor may take; None who gets none.

    Our own command line leaves them to those who wait for an answer.
    """
    digest = prepare()
    return digest if origin and spares.has_share(origin=origin) else None


def _complete_schema(schema_name: str, *, is_ready: bool) -> None:
    """Make the schema, or have the one that was taken replaced."""
    if is_ready:
        jobs.refill_on_commit()
    else:
        create_schema(schema_name=schema_name)


def refuse_taken(slug: str, holder: Tenant | None, opening_key: UUID | None) -> None:
    """Raise `NameTakenError` early, unless the same form has opened the name's holder.

    A courtesy that saves a hash: the unique index decides.
    """
    refuse_resting(slug)
    if holder and (opening_key is None or holder.opening_key != opening_key):
        raise NameTakenError


def refuse_resting(slug: str) -> None:
    """Raise `NameRestingError` while nobody can have the name."""
    if resting := RestingName.objects.resting(timezone.now()).filter(slug=slug).first():
        raise NameRestingError(resting.until)


def _look_up(slug: str, opening_key: UUID | None) -> tuple[Tenant | None, UUID | None]:
    """Return who has the name, and the form's key.

    Without the key where it has opened another tenant: then this is a new wish.
    """
    found = list(Tenant.objects.named_or_opened_by(slug, opening_key))
    holder = next((tenant for tenant in found if tenant.slug == slug), None)
    is_used = any(tenant != holder for tenant in found)
    return holder, None if is_used else opening_key


def _create_tenant(**fields: Any) -> Tenant:
    """Insert tenant and domain first: who loses a race waits here, before any real work."""
    try:
        tenant: Tenant = Tenant.objects.create(**fields)
        first = Domain.objects.create_first(domain=tenant.host, tenant=tenant)
    except IntegrityError:
        raise NameTakenError from None
    # As the visitor is sent there next.
    tenant.primary_host = first.domain
    # Asked again now that the name is ours: whoever had it may have gone a moment ago.
    refuse_resting(tenant.slug)
    return tenant


def _create_owner(tenant: Tenant, owner: Owner, password_hash: str, *, welcome: bool) -> User:
    with workspace_context(tenant):
        user: User = User.objects.create_user(
            owner.email,
            password_hash=password_hash,
            welcome=welcome,
            email_verified=owner.email_verified,
            full_name=owner.full_name,
            language=owner.language,
            role=Role.OWNER,
        )
    return user


def _opened_before(slug: str, owner: Owner, opening_key: UUID | None) -> tuple[Tenant, User]:
    """Return what the same form has opened, to the person who knows its password.

    Raises `NameTakenError` when it was another form, and when that was long ago: who comes
    later signs in, by whatever that takes by then.
    """
    since = timezone.now() - SENT_AGAIN
    same = Tenant.objects.open().filter(slug=slug, opening_key=opening_key, created_at__gt=since)
    if opening_key is None or (tenant := same.first()) is None:
        raise NameTakenError
    with workspace_context(tenant):
        user = User.objects.active().filter(email=normalise_email(owner.email)).first()
        if user is None or not check_password(owner.password, user.password):
            raise NameTakenError
    return tenant, user
