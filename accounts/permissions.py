"""Who may see what: decorators for views."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.errors import UnverifiedError
from accounts.models import User
from accounts.requests import MemberRequest

View = Callable[..., HttpResponseBase]


def administrators_only(view: View) -> View:
    """Let owners and admins in; other members get a 403, visitors the sign-in."""

    @login_required
    @wraps(view)
    def guarded(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.can_administer:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def verified_only(view: View) -> View:
    """Send those who haven't confirmed their address to do so first."""

    @wraps(view)
    def guarded(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_verified(request.user):
            messages.warning(request, str(UnverifiedError()))
            return redirect(_verify_and_return(request))
        return view(request, *args, **kwargs)

    return guarded


def posts_from(page: str, *names: str) -> Callable[[View], View]:
    """Take POSTs alone, and lead whoever only looks to the page that holds the form.

    A refused form leaves its address in the browser, and so does a sign-in on the way.
    `names` are the address's arguments that the page has as well.
    """

    def decorate(view: View) -> View:
        taking: View = require_POST(view)

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in {"GET", "HEAD"}:
                return taking(request, *args, **kwargs)
            address = reverse(page, kwargs={name: kwargs[name] for name in names})
            return redirect(address)

        return guarded

    return decorate


def is_verified(user: User) -> bool:
    """Whether the address that a person signs in with is confirmed; asked once a request."""
    known: bool | None = getattr(user, "_is_verified", None)
    if known is None:
        known = user._is_verified = user.is_verified  # type: ignore[attr-defined]  # noqa: SLF001  # Our own note on this request's user.
    return known


def start_of(user: User) -> str:
    """Return where somebody who has just confirmed their address begins."""
    return reverse("console:overview" if user.can_administer else "home")


def _verify_and_return(request: HttpRequest) -> str:
    """Return where an address is confirmed, on the way to the page that was asked for."""
    url = reverse("verify-email")
    if request.method not in {"GET", "HEAD"}:
        return url
    return f"{url}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path_info()})}"
