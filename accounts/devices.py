"""Browsers that somebody has been signed in with, known again by a signed cookie.

Such a browser has a budget of its own for wrong passwords, so that nobody is shut out of
their account by what strangers try (OWASP, "Slow Down Online Guessing Attacks with Device
Cookies"). The cookie opens nothing: whoever steals it may guess some times, no more.
"""

from secrets import token_urlsafe

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from accounts.names import normalise_email
from tasks.workspace import current_schema, is_public

DAYS = 180
SECONDS = DAYS * 24 * 60 * 60


def known_device(request: HttpRequest, email: str) -> str:
    """Return the id of a browser that this address was signed in with; empty for any other."""
    name, _path = _cookie()
    try:
        device, person = signing.loads(request.COOKIES.get(name, ""), salt=_salt(), max_age=SECONDS)
    except (signing.BadSignature, ValueError):
        return ""
    return str(device) if person == _person(email) else ""


def remember_device(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Give the browser its cookie, in the place of anybody else's."""
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
    """Return the cookie's name and path: the operators' is sent to their own pages alone."""
    if is_public():
        return settings.OPERATOR_COOKIE_NAME + "-device", settings.OPERATOR_PATH
    return settings.SESSION_COOKIE_NAME.replace("session", "device"), "/"


def _salt() -> str:
    """Sign for this tenant: what one has signed says nothing in another."""
    return f"accounts.devices:{current_schema()}"


def _person(email: str) -> str:
    """Return an address as the cookie may hold it: no browser's disk shows who signs in."""
    return salted_hmac(_salt(), normalise_email(email), algorithm="sha256").hexdigest()[:32]
