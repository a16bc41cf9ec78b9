"""Validation of requests before any view reads them, and the pages that refuse invalid ones."""

import codecs
from http import HTTPStatus
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import get_language_from_request, override
from gunicorn.http.errors import ParseException

from accounts.access.requests import room_for_body


class Request(WSGIRequest):
    """Django's, which accepts a Content-Type that can't be parsed: the middleware refuses it."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # The stubs lack it.
        except ValueError:
            self.content_type, self.content_params = "", {"charset": "unreadable"}


class RequestValidationMiddleware(MiddlewareMixin):
    """Refuse requests that no view could read, before they are read, with an error page.

    One place for all views: a charset other than UTF-8, an ambiguous address, and a body that
    is incomplete or larger than its view takes. A 405 without content gets its page here.
    """

    def process_request(self, request: WSGIRequest) -> HttpResponse | None:
        if not _is_utf8(request):
            return refuse(request, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        return refuse(request, HTTPStatus.BAD_REQUEST) if _is_ambiguous(request) else None

    def process_response(
        self, request: WSGIRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        is_refused = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        if is_refused and not (response.streaming or bool(getattr(response, "content", b""))):
            return refuse(request, HTTPStatus.METHOD_NOT_ALLOWED, keep=response)
        return response

    def process_view(
        self, request: WSGIRequest, view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        """Receive the body before CSRF's check; refuse one that is too large, or incomplete.

        Without a sign-in, only small bodies are taken (OWASP ASVS 5.2.1).
        """
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if (room := room_for_body(view)) > limit and request.user.is_authenticated:
            limit = room
        try:
            fits = _receive(request, limit)
        except TimeoutError:
            return refuse(request, HTTPStatus.REQUEST_TIMEOUT)
        except (OSError, EOFError, ParseException, ValueError):
            # Malformed chunks, a length that is no number, an incomplete body.
            return refuse(request, HTTPStatus.BAD_REQUEST)
        if fits:
            return None
        context = {"limit": filesizeformat(limit)}
        return refuse(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, context)


def _is_ambiguous(request: WSGIRequest) -> bool:
    """Whether a proxy and Django could read the address differently, or PostgreSQL could refuse it.

    The service has no script name (PEP 3333): with one, `path` and `path_info` differ, and a
    proxy's rule for a path doesn't hold. Browsers resolve `..` themselves (RFC 3986, 5.2.4).
    """
    return bool(
        request.META.get("SCRIPT_NAME")
        or ".." in request.path_info.split("/")
        or "\0" in request.path_info
        or "%00" in request.META.get("QUERY_STRING", "")
    )


def _is_utf8(request: WSGIRequest) -> bool:
    """Whether a request's charset is UTF-8, or not given.

    Others would be decoded with any codec of that name; some codecs decode no text at all.
    """
    charset = (request.content_params or {}).get("charset")
    if charset is None:
        return True
    try:
        is_utf8 = codecs.lookup(charset).name == "utf-8"
    except (LookupError, ValueError):
        return False
    # Django knows only one of its names.
    request.encoding = "utf-8"
    return is_utf8


def _receive(request: WSGIRequest, limit: int) -> bool:
    """Receive a body; return whether it is within the limit. Raises `EOFError` if it is incomplete.

    Django itself takes a body without a length (RFC 9112, section 6.3) for an empty one, and an
    incomplete body for a complete one. A body with a length over the limit isn't read.
    """
    length = request.META.get("CONTENT_LENGTH")
    if not length and not request.META.get("HTTP_TRANSFER_ENCODING"):
        return True
    size = int(length) if length else None
    if size is not None and size > limit:
        return False
    body = request.META["wsgi.input"].read(limit + 1 if size is None else size)
    if size is not None and len(body) < size:
        raise EOFError
    request.META["CONTENT_LENGTH"] = str(len(body))
    request._stream = BytesIO(body)  # noqa: SLF001  # So that a view can read it again.
    return len(body) <= limit


def refuse(
    request: HttpRequest,
    status: HTTPStatus,
    context: dict[str, Any] | None = None,
    *,
    keep: HttpResponseBase | None = None,
) -> HttpResponse:
    """Return a status's error page, in the visitor's language and with the headers of `keep`."""
    language = getattr(request, "LANGUAGE_CODE", None) or get_language_from_request(request)
    with override(language):
        page = render(request, f"{status.value}.html", context, status=status)
    for name, value in keep.items() if keep else ():
        page.headers.setdefault(name, value)
    return page
