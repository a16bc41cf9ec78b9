"""The answer while the database is away, or all hands are full: what a visitor sees then."""

import logging
import sys
from typing import Any

import psycopg
from django.db import InterfaceError, InternalError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language_from_request, override
from django.views import defaults

from accounts.errors import HashingBusyError, PicturesBusyError

logger = logging.getLogger(__name__)

# In seconds. A database that restarts is back by then.
RETRY_AFTER = 10

# What PostgreSQL says on a server that only reads: a standby, or a primary that was demoted.
READ_ONLY = "25006"
# What else counts as internal and isn't: a transaction that idled, or took too long, as on a
# machine that is too busy to go on with it.
TOO_SLOW = {"25P03", "25P04"}


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that something broke, or that the database is away for a moment: the `handler500`."""
    error = sys.exc_info()[1]
    if isinstance(error, HashingBusyError):
        logger.error("Too many passwords wait to be hashed.")
        return come_back(request, "busy")
    if isinstance(error, PicturesBusyError):
        logger.error("Too many pictures wait to be decoded.")
        return come_back(request, "pictures")
    if is_outage(error):
        return unavailable(request, error)
    return defaults.server_error(request)


def unavailable(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """Ask the visitor to come back in a moment, in their language; nothing was done.

    Asks nothing of the database: whoever it is that is away, it is away for this page, too.
    """
    logger.error("The database is away, or too busy: %s", describe(error))
    abandon_if_lost(error)
    return come_back(request)


def come_back(request: HttpRequest, why: str = "") -> HttpResponse:
    """Ask the visitor for another try in some seconds: `why` is empty, `busy` or `pictures`."""
    asked_for = request.get_full_path_info() if request.method in {"GET", "HEAD"} else ""
    # Who fails early has no language yet; later on it may be the person's own choice.
    language = getattr(request, "LANGUAGE_CODE", None) or get_language_from_request(request)
    with override(language):
        # No request in it: what the pages ask of one may lead to the database.
        page = render_to_string("503.html", {"asked_for": asked_for, "why": why})
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    return HttpResponse(page, status=503, headers=headers)


def is_outage(error: BaseException | None) -> bool:
    """Whether another try may find the database well: away, full, busy, restarting, read-only."""
    if isinstance(error, InternalError):
        return sqlstate_of(error) in {READ_ONLY, *TOO_SLOW}
    # psycopg's own come past Django's where a pool has no connection left to lend.
    return isinstance(
        error, OperationalError | InterfaceError | psycopg.OperationalError | psycopg.InterfaceError
    )


def raise_if_behind(error: BaseException) -> None:
    """Raise the outage that has led to an error, if that is what it was."""
    behind = error.__context__
    while behind is not None:
        if is_outage(behind):
            raise behind
        behind = behind.__context__


def describe(error: BaseException | None) -> str:
    """Return the error's kind and code alone: its text may quote what was asked."""
    cause = (error and error.__cause__) or error
    return " ".join(filter(None, (type(cause).__name__, sqlstate_of(error))))


def sqlstate_of(error: BaseException | None) -> str | None:
    """Return PostgreSQL's code of an error, which Django's own carry as their cause."""
    cause: Any = (error and error.__cause__) or error
    state: str | None = getattr(cause, "sqlstate", None)
    return state


def abandon_if_lost(error: BaseException | None) -> None:
    """Throw away a connection that is dead, or that leads to a server which only reads.

    The pool's others are as bad, and checking each would cost the next page its patience.
    """
    database: Any = connection
    raw = database.connection
    if raw is None or not (raw.closed or sqlstate_of(error) == READ_ONLY):
        return
    raw.close()
    database.close()
    if database.pool:
        database.pool.drain()
