"""Whether a subdomain is available, in words for the visitor."""

from dataclasses import dataclass, field

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.lifecycle.errors import SubdomainQuarantinedError
from tenants.lifecycle.models import QuarantinedSubdomain
from tenants.organisations import names
from tenants.organisations.errors import NameInvalidError, NameReservedError
from tenants.organisations.models import Tenant
from tenants.signup.errors import NameTakenError

SUGGESTIONS = 3


@dataclass(frozen=True)
class Availability:
    """What the sign-up form shows beside the address.

    `state` is free, taken, resting, reserved, invalid, limited or empty; `suggestion` fills the
    field until the visitor edits it; `origin` is the origin of the tenant that has a taken name.
    """

    state: str
    message: str
    suggestions: list[str] = field(default_factory=list)
    suggestion: str = ""
    origin: str = ""


def check(*, subdomain: str, organization: str = "") -> Availability:
    """Return whether a subdomain is free; without one, suggest it from the organisation."""
    if subdomain:
        return _judge(subdomain)
    slug = names.suggest(organization)
    free = _free([slug, *names.alternatives(slug, 20)]) if slug else []
    if not free:
        return Availability("empty", "")
    judged = _judge(free[0])
    return Availability(judged.state, judged.message, suggestion=free[0])


def _judge(subdomain: str) -> Availability:
    try:
        slug = names.parse(subdomain)
    except NameInvalidError as error:
        return Availability("invalid", str(error), _similar(names.stem(subdomain)))
    except NameReservedError as error:
        return Availability("reserved", str(error), _similar(names.stem(subdomain)))
    if holder := Tenant.objects.named(slug).first():
        return Availability("taken", str(NameTakenError()), _similar(slug), origin=holder.origin)
    if resting := QuarantinedSubdomain.objects.resting(timezone.now()).filter(slug=slug).first():
        return Availability(
            "resting", str(SubdomainQuarantinedError(resting.until)), _similar(slug)
        )
    address = f"{slug}.{settings.BASE_DOMAIN}"
    return Availability("free", _("%(address)s is free.") % {"address": address})


def _similar(slug: str) -> list[str]:
    return _free([slug, *names.alternatives(slug, 12)])[:SUGGESTIONS] if slug else []


def _free(slugs: list[str]) -> list[str]:
    """Return the valid and free ones, in their order."""
    valid = [slug for slug in slugs if _is_valid(slug)]
    taken = set(Tenant.objects.named(*valid).values_list("slug", flat=True))
    resting = QuarantinedSubdomain.objects.resting(timezone.now()).filter(slug__in=valid)
    return [slug for slug in valid if slug not in taken.union(resting.values_list("pk", flat=True))]


def _is_valid(slug: str) -> bool:
    try:
        return names.parse(slug) == slug
    except (NameInvalidError, NameReservedError):
        return False
