"""Pages that belong to the service as a whole."""

import math
import time
from http import HTTPStatus

from allauth.core.internal.ratelimit import get_cache_key, get_rates
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.access.client_ip import with_retry_after
from tenancy.errors import RateLimitedError


@cache_control(private=True, no_cache=True)
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Describe the product, with a link to sign-up."""
    return render(request, "saas/landing.html")


@cache_control(private=True, no_cache=True)
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Show the terms that sign-up asks for, with their version."""
    return render(request, "saas/terms.html", {"terms_version": settings.TERMS_VERSION})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Explain that the page was too old, instead of showing Django's reason."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)


# The limit that each of allauth's pages counts by, by URL name.
COUNTED = {
    "account_reset_password_from_key": "reset_password_from_key",
    "account_change_password": "change_password",
    "account_email": "manage_email",
    "account_reauthenticate": "reauthenticate",
}


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer too many attempts, as counted by allauth, with the time of the next one."""
    error = RateLimitedError(_seconds_left(request))
    page = render(request, "429.html", {"minutes": error.minutes})
    return with_retry_after(page, error)


def _seconds_left(request: HttpRequest) -> int:
    """Return for how many seconds allauth refuses; at least 10, the wait for a code."""
    page = request.resolver_match.url_name if request.resolver_match else ""
    waits = [10.0]
    for rate in get_rates(app="allauth.account", action=COUNTED.get(page or "", "")):
        key = get_cache_key(
            request, app="allauth.account", action=COUNTED[page or ""], rate=rate, key=""
        )
        history = cache.get(key, [])
        if len(history) >= rate.amount:
            waits.append(history[rate.amount - 1] + rate.duration - time.time())
    return math.ceil(max(waits))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 to a malformed request, 413 to one that is too large (RFC 9110, 15.5.14)."""
    response = defaults.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        response.status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return response
