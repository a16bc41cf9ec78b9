"""Where a request comes from, and what whoever asks too often is told."""

from http import HTTPStatus
from ipaddress import IPv6Address, ip_address, ip_network

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from tasks.errors import RateLimitedError


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address, behind the configured number of trusted proxies."""
    return str(get_adapter(request).get_client_ip(request))


def client_network(request: HttpRequest) -> str:
    """Return what limits count as one client: an IPv4 address, or a whole IPv6 /64.

    A subscriber has a /64 at least (RFC 6177), and could come from another address each time.
    """
    return network_of(client_address(request))


def network_of(written: str) -> str:
    """Return the same for an address as it is written. Raises `ValueError` for no address."""
    address = ip_address(written)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)


def with_retry_after(response: HttpResponse, error: RateLimitedError) -> HttpResponse:
    """Make an answer a 429 that says when to come back (RFC 6585, RFC 9110 section 10.2.3)."""
    response.status_code = HTTPStatus.TOO_MANY_REQUESTS
    response.headers["Retry-After"] = str(error.retry_after)
    return response


def too_often(error: RateLimitedError) -> str:
    """Say when to try again."""
    minutes = error.minutes
    return _("That was too often. Try again in about %(minutes)d min.") % {"minutes": minutes}
