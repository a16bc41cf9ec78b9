"""What every host answers alike: health, headers, and the right session cookie."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from saas import health

Handler = Callable[[HttpRequest], HttpResponseBase]


class HealthMiddleware:
    """Answer `/healthz` and `/readyz` on any host, before anybody asks whose it is."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match request.path:
            case "/healthz":
                return health.live()
            case "/readyz":
                return health.ready()
            case _:
                return self.get_response(request)


class SecurityHeadersMiddleware:
    """Add the headers that Django has no setting for (OWASP ASVS 3.4)."""

    HEADERS = {
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Resource-Policy": "same-origin",
    }

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in self.HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's, with the operators' own cookie on the base host.

    Theirs is sent to `/operator/` alone: the public pages beside it have no session at all.
    On the way in it takes the place of the one that Django reads, so that a cookie set for
    the whole domain by somebody's page is nobody's session; on the way out it is renamed.
    """

    def process_request(self, request: HttpRequest) -> None:
        if _is_base(request):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
            if session_key := request.COOKIES.get(settings.OPERATOR_COOKIE_NAME):
                request.COOKIES[settings.SESSION_COOKIE_NAME] = session_key
        if not request.COOKIES.get(settings.SESSION_COOKIE_NAME, "").isalnum():
            # No key of ours: a NUL in it would reach the database.
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Rename the cookie that Django sets or deletes on the base host."""
        response = super().process_response(request, response)
        if _is_base(request) and settings.SESSION_COOKIE_NAME in response.cookies:
            cookie = response.cookies.pop(settings.SESSION_COOKIE_NAME)
            name = settings.OPERATOR_COOKIE_NAME
            response.cookies[name] = cookie.value
            response.cookies[name].update({**cookie, "path": settings.OPERATOR_PATH})
        return response


def _is_base(request: HttpRequest) -> bool:
    """Whether the request came to the service's own host: the tenant middleware has seen it."""
    return getattr(request, "workspace", None) is None
