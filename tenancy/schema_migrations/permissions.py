"""What Django adds after a migration: the permissions of each model.

Django's receiver takes some fifty queries per schema. The result is the same in all of them, as
content types are shared: here it is one statement.
"""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import management
from django.contrib.contenttypes.models import ContentType
from django.db.migrations.state import ProjectState

from tenancy import revisions
from tenancy.schema_migrations.sql import composed

Permission = tuple[str, str, str, str]
ADD = """
    INSERT INTO auth_permission (name, content_type_id, codename)
    SELECT * FROM unnest(%s::text[], %s::int[], %s::text[]) AS wanted (name, type, codename)
    WHERE NOT EXISTS (SELECT 1 FROM auth_permission AS had
        WHERE had.content_type_id = wanted.type AND had.codename = wanted.codename)
"""


def additions(before: ProjectState, after: ProjectState, *, is_known: bool) -> tuple[str, ...]:
    """Return the statement that adds the permissions of the later models; none if nothing changed.

    A migration that isn't known may have changed anything: then all are added again.
    """
    wanted = sorted(_permissions(after))
    if is_known and set(_permissions(before)) == set(wanted):
        return ()
    names, codenames = [each[3] for each in wanted], [each[2] for each in wanted]
    types = [_content_type(app_label, model) for app_label, model, _, _ in wanted]
    return (composed(ADD, [names, types, codenames]),)


def new_tables(before: ProjectState, after: ProjectState) -> tuple[str, ...]:
    """Return the names of tenants' tables that are in `after` and not in `before`."""
    return tuple(sorted(_tables(after) - _tables(before)))


def _permissions(state: ProjectState) -> Iterator[Permission]:
    for model in state.apps.get_models():
        options: Any = model._meta  # noqa: SLF001  # Documented by Django.
        # Django's own list, which is private.
        for codename, name in management._get_all_permissions(options):  # type: ignore[attr-defined]  # noqa: SLF001
            yield options.app_label, options.model_name, codename, name


def _content_type(app_label: str, model: str) -> int:
    """Return the id of a row in public, inserted now if a migration of this run adds the model."""
    found, _is_new = ContentType.objects.get_or_create(app_label=app_label, model=model)
    return int(found.pk)


def _tables(state: ProjectState) -> set[str]:
    models = state.apps.get_models(include_auto_created=True)
    options: list[Any] = [model._meta for model in models]  # noqa: SLF001  # Documented by Django.
    own = revisions.labels()
    return {each.db_table for each in options if each.managed and each.app_label in own}
