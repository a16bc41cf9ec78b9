"""Middleware of all hosts: scrubbed logs, health, limits, security headers, session cookie."""

from typing import cast

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.security import SecurityMiddleware
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from accounts.access.client_ip import with_retry_after
from accounts.sessions.store import SessionStore
from operations import health
from saas import unavailable
from saas.policy import PERMISSIONS
from saas.redaction import present_request
from tenancy.errors import RateLimitedError


class RedactionMiddleware(MiddlewareMixin):
    """Mask what a request carries in all log lines until it is answered."""

    def process_request(self, request: HttpRequest) -> None:
        present_request.set(request)

    def process_response(
        self, _request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        # Called after any exception as well: Django has made a response of it by then.
        present_request.set(None)
        return response


class HealthMiddleware(MiddlewareMixin):
    """Answer `/healthz` and `/readyz` on any host, before its tenant is looked up."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        match request.path_info:
            case "/healthz":
                return health.live()
            case "/readyz":
                return health.ready(request)
            case _:
                return None


class RateLimitMiddleware(MiddlewareMixin):
    """Answer a `RateLimitedError` that a view doesn't handle with a page, and the status 429."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, RateLimitedError):
            return None
        page = render(request, "429.html", {"minutes": exception.minutes})
        return with_retry_after(page, exception)


class SecurityHeadersMiddleware(SecurityMiddleware):
    """Set the browser's security headers on every response, of any origin (OWASP ASVS 3.4).

    It is outermost: Django turns exceptions raised further in into responses before they come
    here, and static files, health and refusals pass here as well. Django's own middleware is
    further in, and redirects to HTTPS.
    """

    HEADERS = {
        "Permissions-Policy": PERMISSIONS,
        "Cross-Origin-Resource-Policy": "same-origin",
        # To a browser, all tenants are one site: this requests a process for each origin.
        "Origin-Agent-Cluster": "?1",
        # The default of responses that set none: in no cache, nor behind the back button.
        "Cache-Control": "private, no-store",
    }

    def process_request(self, request: HttpRequest) -> None:
        """Leave the redirect to Django's own middleware."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        if "Strict-Transport-Security" in response.headers and not _is_below_base(request):
            # A custom domain: the service makes no promise for its subdomains.
            response.headers["Strict-Transport-Security"] = f"max-age={self.sts_seconds}"
        for name, value in self.HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        return response


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's, with a token in the cookie that no row holds, and a separate cookie for operators.

    The operators' cookie is sent to `/operator/` alone: the public pages beside it have no
    session. In a request, it replaces the cookie that Django reads, so that a cookie which a
    tenant's page sets for the whole domain is never used as a session; in a response, Django's
    cookie is renamed.
    """

    def process_request(self, request: HttpRequest) -> None:
        if _is_base(request):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
            token = request.COOKIES.get(settings.OPERATOR_COOKIE_NAME)
            # A browser sends it to no other path; the role of other paths may read no session.
            if token and request.path_info.startswith(settings.OPERATOR_PATH):
                request.COOKIES[settings.SESSION_COOKIE_NAME] = token
        if not request.COOKIES.get(settings.SESSION_COOKIE_NAME, "").isalnum():
            # Not a token of this service.
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        request.session = SessionStore.of_cookie(request.COOKIES.get(settings.SESSION_COOKIE_NAME))

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Put the token into the cookie that Django sets, and rename it on the base host."""
        try:
            response = super().process_response(request, response)
        except SessionInterrupted as error:
            # Django takes every failure to save for a session that was ended meanwhile.
            unavailable.raise_if_behind(error)
            raise
        _put_token(request, response)
        if _is_base(request) and settings.SESSION_COOKIE_NAME in response.cookies:
            cookie = response.cookies.pop(settings.SESSION_COOKIE_NAME)
            name = settings.OPERATOR_COOKIE_NAME
            response.cookies[name] = cookie.value
            response.cookies[name].update({**cookie, "path": settings.OPERATOR_PATH})
        return response


def _put_token(request: HttpRequest, response: HttpResponse) -> None:
    """Replace the row's key, which Django puts into the cookie, by the token.

    A session that was loaded by its key has no token: the browser keeps its cookie.
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
    """Whether the tenant middleware has found that the request came to the service's own host."""
    return getattr(request, "workspace", None) is None


def _is_below_base(request: HttpRequest) -> bool:
    """Whether the requested host name, valid or not, ends in the base domain."""
    name = request.META.get("HTTP_HOST", "").partition(":")[0].rstrip(".").lower()
    return f".{name}".endswith(f".{settings.BASE_DOMAIN}")
