"""What every host answers alike: health, headers, and the right session cookie."""

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.security import SecurityMiddleware

from accounts.sessions import SessionStore
from saas import health, outages
from saas.policy import PERMISSIONS
from saas.scrubbing import present_request

Handler = Callable[[HttpRequest], HttpResponseBase]


class ScrubbingMiddleware:
    """Have what a request carries masked in whatever is logged while it is answered."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = present_request.set(request)
        try:
            return self.get_response(request)
        finally:
            present_request.reset(token)


class HealthMiddleware:
    """Answer `/healthz` and `/readyz` on any host, before anybody asks whose it is."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match request.path_info:
            case "/healthz":
                return health.live()
            case "/readyz":
                return health.ready(request)
            case _:
                return self.get_response(request)


class SecurityHeadersMiddleware(SecurityMiddleware):
    """Put what keeps browsers strict on every answer, whoever gave it (OWASP ASVS 3.4).

    It stands outermost: Django turns what is raised further in into an answer before it comes
    here, and static files, health and refusals come by as well. Django's own stands further in,
    and redirects to HTTPS.
    """

    HEADERS = {
        "Permissions-Policy": PERMISSIONS,
        "Cross-Origin-Resource-Policy": "same-origin",
        # Tenants are one site to a browser; so each gets a process of its own where it can.
        "Origin-Agent-Cluster": "?1",
        # Whatever says nothing else is somebody's own: in no cache, nor behind the back button.
        "Cache-Control": "private, no-store",
    }

    def process_request(self, request: HttpRequest) -> None:
        """Leave the redirect to Django's."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        if "Strict-Transport-Security" in response.headers and not _is_below_base(request):
            # Somebody's own domain: what lies below it is not ours to promise.
            response.headers["Strict-Transport-Security"] = f"max-age={self.sts_seconds}"
        for name, value in self.HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        return response


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's, whose cookie holds a token that no row does; operators have a cookie of their own.

    The operators' one is sent to `/operator/` alone: the public pages beside it have no
    session at all. On the way in it takes the place of the one that Django reads, so that a
    cookie set for the whole domain by somebody's page is nobody's session; on the way out it
    is renamed.
    """

    def process_request(self, request: HttpRequest) -> None:
        if _is_base(request):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
            token = request.COOKIES.get(settings.OPERATOR_COOKIE_NAME)
            # A browser sends it nowhere else; whoever works there may read no session.
            if token and request.path_info.startswith(settings.OPERATOR_PATH):
                request.COOKIES[settings.SESSION_COOKIE_NAME] = token
        if not request.COOKIES.get(settings.SESSION_COOKIE_NAME, "").isalnum():
            # No token of ours.
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        request.session = SessionStore.of_cookie(request.COOKIES.get(settings.SESSION_COOKIE_NAME))

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Put the token into the cookie that Django sets, and rename it on the base host."""
        try:
            response = super().process_response(request, response)
        except SessionInterrupted as error:
            # Django takes every failure to save for a session that somebody has ended.
            outages.raise_if_behind(error)
            raise
        _put_token(request, response)
        if _is_base(request) and settings.SESSION_COOKIE_NAME in response.cookies:
            cookie = response.cookies.pop(settings.SESSION_COOKIE_NAME)
            name = settings.OPERATOR_COOKIE_NAME
            response.cookies[name] = cookie.value
            response.cookies[name].update({**cookie, "path": settings.OPERATOR_PATH})
        return response


def _put_token(request: HttpRequest, response: HttpResponse) -> None:
    """Replace the row's key, which Django puts into the cookie.

    A session that some code has loaded by its key has no token: the browser keeps its own.
    """
    cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
    if cookie is None or not cookie.value:
        return
    session = cast("SessionStore", request.session)
    if token := session.token:
        response.cookies[settings.SESSION_COOKIE_NAME] = token
    else:
        del response.cookies[settings.SESSION_COOKIE_NAME]


def _is_base(request: HttpRequest) -> bool:
    """Whether the request came to the service's own host: the tenant middleware has seen it."""
    return getattr(request, "workspace", None) is None


def _is_below_base(request: HttpRequest) -> bool:
    """Whether the name that was asked for, be it one or not, ends in the base domain."""
    name = request.META.get("HTTP_HOST", "").partition(":")[0].rstrip(".").lower()
    return f".{name}".endswith(f".{settings.BASE_DOMAIN}")
