"""Opening an organisation: tenant, schema and owner, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.users.models import Role, User
from tasks import addresses
from tenancy import jobs, revisions, schema_pool
from tenancy.context import database_role, public_context, workspace_context
from tenancy.models import new_schema_name
from tenancy.provisioning.snapshots import prepare
from tenancy.schemas import create_schema, take_time
from tenants.domains.models import Domain
from tenants.lifecycle import unverified
from tenants.lifecycle.errors import SubdomainQuarantinedError
from tenants.lifecycle.models import QuarantinedSubdomain
from tenants.lifecycle.signals import tenant_opened
from tenants.organisations import names
from tenants.organisations.models import Tenant
from tenants.roles import SIGNUP
from tenants.signup import added_fields
from tenants.signup.errors import NameTakenError

# In this period one network takes at most half of the pool: further schemas are replayed.
SHARE_OF = timedelta(hours=1)
# How long a form with a lost answer may be sent again.
SENT_AGAIN = timedelta(hours=1)


@dataclass(frozen=True)
class Owner:
    """The first owner of an organisation."""

    full_name: str
    email: str
    password: str
    language: str = "en"
    email_verified: bool = False


def open_tenant(  # noqa: PLR0913  # Each says one thing about the tenant, by name.
    *,
    organization: str,
    subdomain: str,
    owner: Owner,
    terms_version: str = "",
    idempotency_key: UUID | None = None,
    opened_from: str = "",
    welcome: bool = True,
    extra: Mapping[str, Any] | None = None,
) -> tuple[Tenant, User]:
    """Open an organisation: tenant, domain, schema, owner, directory, welcome; or nothing.

    A second call with one `idempotency_key` within an hour returns what the first one opened.
    `extra` has values for fields that apps add (`tenants.signup.added_fields`), by their names.
    Raises `NameInvalidError`, `NameReservedError`, `NameTakenError` and
    `SubdomainQuarantinedError`; with `opened_from`, a visitor's network,
    `TooManyUnverifiedError`; with `extra`, `SignUpFieldUnknownError` and `SignUpFieldError`.
    """
    slug = names.parse(subdomain)
    with public_context():
        holder, idempotency_key = _look_up(slug, idempotency_key)
        refuse_taken(slug, holder, idempotency_key)
        if opened_from and holder is None:
            unverified.refuse_too_many(email=owner.email, network=opened_from)
        # Outside the transaction: hashing takes long, and would hold locks there.
        password_hash = make_password(owner.password)
        new = {
            "name": organization,
            "slug": slug,
            "language": owner.language,
            "terms_version": terms_version,
            "idempotency_key": idempotency_key,
            "opened_from": unverified.origin_hash(opened_from),
        }
        try:
            return _open(new, owner, password_hash, welcome=welcome, extra=extra or {})
        except NameTakenError:
            return _opened_before(slug, owner, idempotency_key)


def _open(
    new: dict[str, Any],
    owner: Owner,
    password_hash: str,
    *,
    welcome: bool,
    extra: Mapping[str, Any],
) -> tuple[Tenant, User]:
    """Write everything in one transaction, with a ready schema of the release if there is one.

    The command line leaves ready schemas to visitors, as these wait for an answer.
    """
    origin, digest = new["opened_from"], prepare()
    may_claim = origin and has_share(origin=origin)
    with database_role(SIGNUP), transaction.atomic(durable=True):
        # Before the insert: a call that loses the race waits there for the winner.
        take_time()
        ready = schema_pool.claim(digest=digest if may_claim else None)
        tenant = _create_tenant(
            schema_name=ready or new_schema_name(), revision=str(revisions.target()), **new
        )
        if ready:
            jobs.refill_on_commit()
        else:
            create_schema(schema_name=tenant.schema_name)
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
            added_fields.save_all(extra, tenant=tenant, owner=user)
            tenant_opened.send(sender=Tenant, tenant=tenant, owner=user)
    return tenant, user


def has_share(*, origin: str) -> bool:
    """Whether a network, as its keyed hash, has not used up its share of the pool yet."""
    if not settings.RATE_LIMITS or not settings.SCHEMA_POOL_SIZE:
        return bool(settings.SCHEMA_POOL_SIZE)
    since = timezone.now() - SHARE_OF
    taken = Tenant.objects.opened_from(origin, since).count()
    share: int = max(1, settings.SCHEMA_POOL_SIZE // 2)
    return taken < share


def refuse_taken(slug: str, holder: Tenant | None, idempotency_key: UUID | None) -> None:
    """Raise `NameTakenError` early, unless the same form has opened the name's holder.

    Only saves hashing the password: the unique index decides.
    """
    refuse_resting(slug)
    if holder and (idempotency_key is None or holder.idempotency_key != idempotency_key):
        raise NameTakenError


def refuse_resting(slug: str) -> None:
    """Raise `SubdomainQuarantinedError` while the name is quarantined."""
    if resting := QuarantinedSubdomain.objects.resting(timezone.now()).filter(slug=slug).first():
        raise SubdomainQuarantinedError(resting.until)


def _look_up(slug: str, idempotency_key: UUID | None) -> tuple[Tenant | None, UUID | None]:
    """Return the holder of the name, and the form's key.

    The key is None where it has opened another tenant: this is a new sign-up then.
    """
    found = list(Tenant.objects.named_or_opened_by(slug, idempotency_key))
    holder = next((tenant for tenant in found if tenant.slug == slug), None)
    is_used = any(tenant != holder for tenant in found)
    return holder, None if is_used else idempotency_key


def _create_tenant(**fields: Any) -> Tenant:
    """Insert tenant and domain first: a call that loses the race waits here, before the work."""
    try:
        tenant: Tenant = Tenant.objects.create(**fields)
        first = Domain.objects.create_first(domain=tenant.host, tenant=tenant)
    except IntegrityError:
        raise NameTakenError from None
    # The visitor is redirected there next.
    tenant.primary_host = first.domain
    # Checked again now that the name is taken: its holder may have been deleted a moment ago.
    refuse_resting(tenant.slug)
    return tenant


def _opened_before(slug: str, owner: Owner, idempotency_key: UUID | None) -> tuple[Tenant, User]:
    """Return what the same form has opened, if the owner's password is right.

    Raises `NameTakenError` for another form, a wrong password, and after an hour: from then on
    the owner signs in, with all that a sign-in requires.
    """
    since = timezone.now() - SENT_AGAIN
    same = Tenant.objects.open().filter(
        slug=slug, idempotency_key=idempotency_key, created_at__gt=since
    )
    if idempotency_key is None or (tenant := same.first()) is None:
        raise NameTakenError
    with workspace_context(tenant):
        user = User.objects.active().filter(email=addresses.normalise(owner.email)).first()
        if user is None or not check_password(owner.password, user.password):
            raise NameTakenError
    return tenant, user
