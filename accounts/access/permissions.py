"""Access checks: decorators for views."""

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

from accounts.access.errors import UnverifiedError
from accounts.access.requests import MemberRequest
from accounts.users.models import User

View = Callable[..., HttpResponseBase]


def administrators_only(view: View) -> View:
    """Admit owners and admins; other members get a 403, visitors the sign-in."""

    @login_required
    @wraps(view)
    def guarded(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.can_administer:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def verified_only(view: View) -> View:
    """Redirect users without a confirmed address to its confirmation."""

    @wraps(view)
    def guarded(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_verified(request.user):
            messages.warning(request, str(UnverifiedError()))
            return redirect(_verify_and_return(request))
        return view(request, *args, **kwargs)

    return guarded


def posts_from(page: str, *names: str) -> Callable[[View], View]:
    """Accept POSTs only, and redirect GET and HEAD to the page that holds the form.

    A refused form leaves its URL in the browser, and so does a sign-in in between. `names` are
    the URL arguments that the page takes as well.
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
    """Whether the user's sign-in address is confirmed; queried once per request."""
    known: bool | None = getattr(user, "_is_verified", None)
    if known is None:
        known = user._is_verified = user.is_verified  # type: ignore[attr-defined]  # noqa: SLF001  # Our own note on this request's user.
    return known


def start_of(user: User) -> str:
    """Return the start page of a user with a newly confirmed address."""
    return reverse("console:overview" if user.can_administer else "home")


def _verify_and_return(request: HttpRequest) -> str:
    """Return the page that confirms an address, with the requested page as the next one."""
    url = reverse("verify-email")
    if request.method not in {"GET", "HEAD"}:
        return url
    return f"{url}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path_info()})}"
