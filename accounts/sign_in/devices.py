"""Browsers in which a user has signed in, recognised by a signed cookie.

Such a browser has its own budget for wrong passwords, so that strangers' attempts don't lock
the user out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). The cookie gives
no access: a stolen one permits a limited number of password attempts.
"""

from secrets import token_urlsafe

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from tasks import addresses
from tenancy.context import current_schema, is_public

DAYS = 180
SECONDS = DAYS * 24 * 60 * 60


def known_device(request: HttpRequest, email: str) -> str:
    """Return the id of a browser in which this address has signed in; empty for any other."""
    name, _path = _cookie()
    try:
        device, person = signing.loads(request.COOKIES.get(name, ""), salt=_salt(), max_age=SECONDS)
    except (signing.BadSignature, ValueError):
        return ""
    return str(device) if person == _person(email) else ""


def remember_device(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Set the browser's cookie; it replaces another user's."""
    device = known_device(request, email) or token_urlsafe(16)
    name, path = _cookie()
    response.set_cookie(
        name,
        signing.dumps([device, _person(email)], salt=_salt()),
        max_age=SECONDS,
        path=path,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _cookie() -> tuple[str, str]:
    """Return the cookie's name and path; operators' cookies go to the operators' pages only."""
    if is_public():
        return settings.OPERATOR_COOKIE_NAME + "-device", settings.OPERATOR_PATH
    return settings.SESSION_COOKIE_NAME.replace("session", "device"), "/"


def _salt() -> str:
    """Return this tenant's salt: a cookie signed in one tenant is invalid in another."""
    return f"accounts.sign_in.devices:{current_schema()}"


def _person(email: str) -> str:
    """Return an address as a keyed hash: the browser's disk doesn't reveal the address."""
    return salted_hmac(_salt(), addresses.normalise(email), algorithm="sha256").hexdigest()[:32]
