"""The decorators of views: who is admitted, by which methods.

Each view of a product has one of them; `manage.py check` reports those without. A class-based view
takes them by `method_decorator(members_page, name="dispatch")`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction, unwrap
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.access.errors import UnverifiedError
from accounts.access.permissions import has_permission
from accounts.access.requests import MemberRequest
from accounts.users.models import User

View = Callable[..., HttpResponseBase]
# The permission to open the console, which owners and admins hold.
ADMINISTER = "console.view"


@dataclass(frozen=True)
class Access:
    """Who a view admits: visitors, members, or members with a permission."""

    members_only: bool = True
    permission: str | None = None


def public_page(view: View) -> View:
    """A page that visitors may open as well; the view decides what they see."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    return _marked(shown, Access(members_only=False))


def members_page(view: View) -> View:
    """A page for signed-in members: GET and HEAD. No browser or proxy caches it."""
    return _admitting(require_safe(view))


def members_form(view: View) -> View:
    """A page for signed-in members that posts a form to itself."""
    return _admitting(require_http_methods(["GET", "HEAD", "POST"])(view))


def members_action(page: str = "", *names: str) -> Callable[[View], View]:
    """An action of signed-in members: a POST, from the page with this URL name (`posts_from`)."""
    return lambda view: _admitting(posts_from(page, *names)(view))


def admins_page(permission: str = ADMINISTER) -> Callable[[View], View]:
    """A page for those who hold a permission: GET and HEAD. No browser or proxy caches it.

    Other members get a 403, visitors the sign-in.
    """
    return lambda view: _admitting(require_safe(view), permission)


def admins_form(permission: str) -> Callable[[View], View]:
    """A page for those who hold a permission, with a form that it posts to itself.

    Users without a confirmed address may look at it, and not post.
    """
    methods = require_http_methods(["GET", "HEAD", "POST"])
    return lambda view: _admitting(methods(_verified_to_post(view)), permission)


def admins_action(permission: str, page: str = "", *names: str) -> Callable[[View], View]:
    """An action of those who hold a permission, with a confirmed address: a POST from a page."""
    return lambda view: _admitting(posts_from(page, *names)(verified_only(view)), permission)


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
    the URL arguments that the page takes as well. Without a page, GET and HEAD get a 405.
    """

    def decorate(view: View) -> View:
        taking: View = require_POST(view)

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not page or request.method not in {"GET", "HEAD"}:
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
    return reverse("console:overview" if has_permission(user, ADMINISTER) else "home")


def _admitting(view: View, permission: str | None = None) -> View:
    """Admit members, with the permission where one is named."""

    @login_required
    @wraps(view)
    def guarded(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if permission is not None and not has_permission(request.user, permission):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    @wraps(view)
    def answered(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = guarded(request, *args, **kwargs)
        # To the sign-in, the whole page is redirected, instead of being swapped into an element.
        if request.htmx and response.status_code == 302:  # noqa: PLR2004  # RFC 9110, 15.4.3.
            return HttpResponseClientRedirect(response.headers["Location"])
        return response

    return _marked(never_cache(answered), Access(permission=permission))


def _marked(view: View, access: Access) -> View:
    """Mark a view with its access. Raises `TypeError` for an asynchronous one."""
    if iscoroutinefunction(unwrap(view)):
        raise TypeError(f"{unwrap(view).__qualname__} is async: a tenant's context is a thread's.")
    view.access = access  # type: ignore[attr-defined]  # Ours.
    return view


def _verified_to_post(view: View) -> View:
    verified = verified_only(view)

    @wraps(view)
    def guarded(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = verified if request.method == "POST" else view
        return answer(request, *args, **kwargs)

    return guarded


def _verify_and_return(request: HttpRequest) -> str:
    """Return the page that confirms an address, with the requested page as the next one."""
    url = reverse("verify-email")
    if request.method not in {"GET", "HEAD"}:
        return url
    return f"{url}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path_info()})}"
