"""Where a request comes from."""

from ipaddress import IPv6Address, ip_address, ip_network

from allauth.account.adapter import get_adapter
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address, behind the configured number of trusted proxies."""
    return str(get_adapter(request).get_client_ip(request))


def client_network(request: HttpRequest) -> str:
    """Return what limits count as one client: an IPv4 address, or a whole IPv6 /64.

    A subscriber has a /64 at least (RFC 6177), and could come from another address each time.
    """
    address = ip_address(client_address(request))
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)
