"""Pages of errors in development: Django's debug page, and which migrations are pending."""

import copy
import sys
from collections.abc import ItemsView, Iterator
from contextlib import nullcontext, suppress
from types import GeneratorType
from typing import Any

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_replace
from django.apps import apps
from django.db import DatabaseError, ProgrammingError, connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.http import HttpRequest, HttpResponse
from django.views.debug import ExceptionReporter, technical_500_response

from saas.redaction import redact
from tenancy import revisions
from tenancy.context import current_schema, is_public, public_context
from tenancy.errors import TenantMissingError

MAKE = "Models differ from the migrations of: {}. Make the migrations first:\n"
APPLY = "Migrations are pending in {}:\n{}\n\nApply them to all schemas:\n"
COMMAND = "\n    make manage ARGS={}\n\n"
# Of the debug page's data: lines of source, names of files, and the template loaders' errors.
VERBATIM = frozenset(
    {"pre_context", "context_line", "post_context", "source_lines", "before", "during", "after"}
    | {"filename", "sys_path", "sys_executable", "postmortem"}
)


class RedactingReporter(ExceptionReporter):
    """Django's report, which masks what log lines mask.

    Django itself hides settings by their names alone: not a password in `REDIS_URL`, and none of
    what was posted, or of variables and errors.
    """

    def get_traceback_data(self) -> dict[str, Any]:
        """Return the data of both forms of the page, HTML and text."""
        data: dict[str, Any] = _redacted(super().get_traceback_data())
        # The page shows its path.
        if self.request is not None:
            data["request"] = copy.copy(self.request)
            data["request"].path_info = redact(self.request.path_info)
        return data


def _redacted(value: Any, name: str = "") -> Any:
    """Return a copy without secrets; a text is read as the value of its name in a log line."""
    match value:
        case str():
            return redact(f"{name}={value}").partition("=")[2]
        case dict():
            return {
                key: inner if key in VERBATIM else _redacted(inner, str(key))
                for key, inner in value.items()
            }
        case str(key), inner:
            return _redacted(key), _redacted(inner, key)
        case list() | tuple() | ItemsView() | GeneratorType():
            return [_redacted(inner, name) for inner in value]
        case BaseException():
            return redact(f"{type(value).__name__}: {value}")
        case _:
            return value


# The page has its style and its script inline.
@csp_replace({"script-src": [UNSAFE_INLINE], "style-src": [UNSAFE_INLINE]})
def error_page(request: HttpRequest) -> HttpResponse:
    """Answer 500 with the migrations that the present error lacks, or else Django's debug page."""
    kind, error, traceback = sys.exc_info()
    if isinstance(error, ProgrammingError) and (advice := "".join(_advice())):
        return HttpResponse(
            f"{redact(str(error))}\n{advice}", status=500, content_type="text/plain"
        )
    request.exception_reporter_class = RedactingReporter
    return technical_500_response(request, kind, error, traceback)


def _advice() -> Iterator[str]:
    """Yield which commands may mend a table that isn't as its model says."""
    if changed := _unmigrated_apps():
        yield MAKE.format(", ".join(changed)) + COMMAND.format("makemigrations")
    # The table may be a shared one: of the tenants, which are read before there is a context.
    for context in (nullcontext(), public_context()):
        with suppress(DatabaseError, TenantMissingError), context:
            if pending := _pending():
                listed = "\n".join(f"    {name}" for name in pending)
                yield APPLY.format(current_schema(), listed) + COMMAND.format("migrate_schemas")
                return


def _unmigrated_apps() -> list[str]:
    """Return the labels of apps whose models have changes without a migration."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    return sorted(detector.changes(graph=loader.graph))


def _pending() -> list[str]:
    """Return the migrations on disk that the schema of the context lacks, as `app.name`.

    Raises `TenantMissingError` outside any context.
    """
    wanted = revisions.on_disk() if is_public() else revisions.own_migrations()
    applied = MigrationRecorder(connection).migration_qs.values_list("app", "name")
    return sorted(wanted - {f"{app}.{name}" for app, name in applied})
