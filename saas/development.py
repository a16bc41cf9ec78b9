"""Pages of errors in development: Django's debug page, and which migrations are pending."""

import sys
from collections.abc import Iterator

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_replace
from django.apps import apps
from django.db import DatabaseError, ProgrammingError, connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.http import HttpRequest, HttpResponse
from django.views.debug import technical_500_response

from tenancy import revisions
from tenancy.context import current_schema, is_public
from tenancy.errors import TenantMissingError

MAKE = "Models differ from the migrations of: {}. Make the migrations first:\n"
APPLY = "Migrations are pending in {}:\n{}\n\nApply them to all schemas:\n"
COMMAND = "\n    make manage ARGS={}\n\n"


# The page has its style and its script inline.
@csp_replace({"script-src": [UNSAFE_INLINE], "style-src": [UNSAFE_INLINE]})
def error_page(request: HttpRequest) -> HttpResponse:
    """Answer 500 with the migrations that the present error lacks, or else Django's debug page."""
    kind, error, traceback = sys.exc_info()
    if isinstance(error, ProgrammingError) and (advice := "".join(_advice())):
        return HttpResponse(f"{error}\n{advice}", status=500, content_type="text/plain")
    return technical_500_response(request, kind, error, traceback)


def _advice() -> Iterator[str]:
    """Yield which commands may mend a table that isn't as its model says."""
    if changed := _unmigrated_apps():
        yield MAKE.format(", ".join(changed)) + COMMAND.format("makemigrations")
    try:
        pending = _pending()
    except (DatabaseError, TenantMissingError):
        return
    if pending:
        listed = "\n".join(f"    {name}" for name in pending)
        yield APPLY.format(current_schema(), listed) + COMMAND.format("migrate_schemas")


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
