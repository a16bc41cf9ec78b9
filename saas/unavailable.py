"""The response while the database is away, or hashing or decoding is at its limit."""

import logging
import sys
from typing import Any

import psycopg
from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.translation import get_language_from_request, override
from django.views import defaults

from accounts.profiles.errors import PicturesBusyError
from accounts.users.errors import HashingBusyError
from saas import development

logger = logging.getLogger(__name__)

# In seconds. A database that restarts is back by then.
RETRY_AFTER = 10

# The SQLSTATE of a read-only server: a standby, or a primary that was demoted.
READ_ONLY = "25006"
# Other SQLSTATEs that are outages, though Django raises `InternalError`: a transaction that was
# idle or took too long, as on an overloaded machine.
TOO_SLOW = {"25P03", "25P04"}


def server_error(request: HttpRequest) -> HttpResponseBase:
    """The `handler500`: answer 503 if the service is busy or the database is away, else 500.

    In development, that 500 shows the error.
    """
    error = sys.exc_info()[1]
    if isinstance(error, HashingBusyError):
        logger.error("Too many passwords wait to be hashed.")
        return come_back(request, "busy")
    if isinstance(error, PicturesBusyError):
        logger.error("Too many pictures wait to be decoded.")
        return come_back(request, "pictures")
    if is_outage(error):
        return unavailable(request, error)
    if settings.DEBUG_PAGE:
        return development.error_page(request)
    return defaults.server_error(request)


def unavailable(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """Answer 503 in the visitor's language; nothing was done.

    Makes no query: the database is away for this page, too.
    """
    cause = (error and error.__cause__) or error
    # The error's type and SQLSTATE alone: its text may quote the query.
    described = " ".join(filter(None, (type(cause).__name__, sqlstate_of(error))))
    logger.error("The database is away, or too busy: %s", described)
    abandon_if_lost(error)
    return come_back(request)


def come_back(request: HttpRequest, why: str = "") -> HttpResponse:
    """Ask the visitor to retry after `RETRY_AFTER`: `why` is empty, `busy` or `pictures`."""
    asked_for = request.get_full_path_info() if request.method in {"GET", "HEAD"} else ""
    # An early error comes before a language is set; later it may be the member's own choice.
    language = getattr(request, "LANGUAGE_CODE", None) or get_language_from_request(request)
    with override(language):
        # Without the request: what templates read of it may query the database.
        page = render_to_string("503.html", {"asked_for": asked_for, "why": why})
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    return HttpResponse(page, status=503, headers=headers)


def is_outage(error: BaseException | None) -> bool:
    """Whether a retry may succeed: the database is away, full, busy, restarting or read-only."""
    if isinstance(error, InternalError):
        return sqlstate_of(error) in {READ_ONLY, *TOO_SLOW}
    # Django doesn't wrap psycopg's errors when the pool has no connection left.
    return isinstance(
        error, OperationalError | InterfaceError | psycopg.OperationalError | psycopg.InterfaceError
    )


def raise_if_behind(error: BaseException) -> None:
    """Raise the outage that has led to an error, if there was one."""
    behind = error.__context__
    while behind is not None:
        if is_outage(behind):
            raise behind
        behind = behind.__context__


def sqlstate_of(error: BaseException | None) -> str | None:
    """Return the SQLSTATE of an error; Django's own errors carry it in their cause."""
    cause: Any = (error and error.__cause__) or error
    state: str | None = getattr(cause, "sqlstate", None)
    return state


def abandon_if_lost(error: BaseException | None) -> None:
    """Close a connection that is dead or leads to a read-only server, and drain the pool.

    The pool's others are as bad, and checking each would take the next request's time.
    """
    database: Any = connection
    raw = database.connection
    if raw is None or not (raw.closed or sqlstate_of(error) == READ_ONLY):
        return
    raw.close()
    database.close()
    if database.pool:
        database.pool.drain()
