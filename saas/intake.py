"""What a request must be before anybody reads it, and the pages that refuse what isn't."""

import codecs
from collections.abc import Callable
from http import HTTPStatus
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.utils.translation import get_language_from_request, override
from gunicorn.http.errors import ParseException

from accounts.requests import room_for_body

Handler = Callable[[HttpRequest], HttpResponseBase]


class Request(WSGIRequest):
    """Django's, which survives a Content-Type that can't be parsed: the middleware refuses it."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # The stubs lack it.
        except ValueError:
            self.content_type, self.content_params = "", {"charset": "unreadable"}


class IntakeMiddleware:
    """Refuse what no page could read, before it is read, with a sentence.

    One place for all views: a charset other than UTF-8, an address that could mean two things,
    and a body that is incomplete or larger than its page takes. An answer that is bare, such as
    a 405, gets its page here.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: WSGIRequest) -> HttpResponseBase:
        if not _is_utf8(request):
            return refuse(request, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        if _is_ambiguous(request):
            return refuse(request, HTTPStatus.BAD_REQUEST)
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not _says_anything(response):
            return refuse(request, HTTPStatus.METHOD_NOT_ALLOWED, keep=response)
        return response

    def process_view(
        self, request: WSGIRequest, view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        """Receive the body before CSRF's check; refuse one that is too large, or incomplete.

        Whoever isn't signed in has nothing large to say (OWASP ASVS 5.2.1).
        """
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if (room := room_for_body(view)) > limit and request.user.is_authenticated:
            limit = room
        try:
            fits = _receive(request, limit)
        except TimeoutError:
            return refuse(request, HTTPStatus.REQUEST_TIMEOUT)
        except (OSError, EOFError, ParseException, ValueError):
            # Chunks that are none, a length that is no number, half a body.
            return refuse(request, HTTPStatus.BAD_REQUEST)
        if fits:
            return None
        context = {"limit": filesizeformat(limit)}
        return refuse(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, context)


def _is_ambiguous(request: WSGIRequest) -> bool:
    """Whether a proxy and we could take the address for different ones, or the database for none.

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
    """Whether a request says nothing about its charset, or that it is UTF-8.

    Others would be decoded with whatever codec has that name; some decode no text at all.
    """
    charset = (request.content_params or {}).get("charset")
    if charset is None:
        return True
    try:
        is_utf8 = codecs.lookup(charset).name == "utf-8"
    except (LookupError, ValueError):
        return False
    # Django knows one of its names.
    request.encoding = "utf-8"
    return is_utf8


def _receive(request: WSGIRequest, limit: int) -> bool:
    """Receive a body, and return whether it is within the limit. Raises `EOFError` for half a body.

    Django itself takes a body without a length (RFC 9112, section 6.3) for an empty one, and
    half a body for a whole one. A body whose length is over the limit isn't read.
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
    request._stream = BytesIO(body)  # noqa: SLF001  # Read here, it can be read once more.
    return len(body) <= limit


def _says_anything(response: HttpResponseBase) -> bool:
    return response.streaming or bool(getattr(response, "content", b""))


def refuse(
    request: HttpRequest,
    status: HTTPStatus,
    context: dict[str, Any] | None = None,
    *,
    keep: HttpResponseBase | None = None,
) -> HttpResponse:
    """Return the page of a status, in the visitor's language and with the headers of `keep`."""
    language = getattr(request, "LANGUAGE_CODE", None) or get_language_from_request(request)
    with override(language):
        page = render(request, f"{status.value}.html", context, status=status)
    for name, value in keep.items() if keep else ():
        page.headers.setdefault(name, value)
    return page
