"""The client's address of a request, and the response when a rate limit is exceeded."""

from http import HTTPStatus
from ipaddress import IPv6Address, ip_address, ip_network

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from tenancy.errors import RateLimitedError


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address, behind the configured number of trusted proxies."""
    return str(get_adapter(request).get_client_ip(request))


def client_network(request: HttpRequest) -> str:
    """Return what rate limits count as one client: an IPv4 address, or a whole IPv6 /64.

    A subscriber has at least a /64 (RFC 6177), and could use another address each time.
    """
    return network_of(client_address(request))


def network_of(written: str) -> str:
    """Return the same for a written address. Raises `ValueError` for an invalid one."""
    address = ip_address(written)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)


def with_retry_after(response: HttpResponse, error: RateLimitedError) -> HttpResponse:
    """Make a response a 429 that says when to retry (RFC 6585, RFC 9110 section 10.2.3)."""
    response.status_code = HTTPStatus.TOO_MANY_REQUESTS
    response.headers["Retry-After"] = str(error.retry_after)
    return response


def too_often(error: RateLimitedError) -> str:
    """Return the sentence that says when to try again."""
    minutes = error.minutes
    return _("That was too often. Try again in about %(minutes)d min.") % {"minutes": minutes}
