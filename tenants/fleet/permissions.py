"""What Django adds after a migration: a permission for each thing that can be done to a model.

Its own receiver asks some fifty questions a schema. The answer is the same in all of them, as
content types are shared: here it is one statement.
"""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import management
from django.contrib.contenttypes.models import ContentType
from django.db.migrations.state import ProjectState

from tenants import revisions
from tenants.fleet.sending import composed

Permission = tuple[str, str, str, str]
ADD = """
    INSERT INTO auth_permission (name, content_type_id, codename)
    SELECT * FROM unnest(%s::text[], %s::int[], %s::text[]) AS wanted (name, type, codename)
    WHERE NOT EXISTS (SELECT 1 FROM auth_permission AS had
        WHERE had.content_type_id = wanted.type AND had.codename = wanted.codename)
"""


def additions(before: ProjectState, after: ProjectState, *, is_known: bool) -> tuple[str, ...]:
    """Return the statement that adds what the later models need; none if nothing changed.

    What isn't known may have done anything: then they are all added again.
    """
    wanted = sorted(_permissions(after))
    if is_known and set(_permissions(before)) == set(wanted):
        return ()
    names, codenames = [each[3] for each in wanted], [each[2] for each in wanted]
    types = [_content_type(app_label, model) for app_label, model, _, _ in wanted]
    return (composed(ADD, [names, types, codenames]),)


def new_tables(before: ProjectState, after: ProjectState) -> tuple[str, ...]:
    """Return which tables a tenant's schema has afterwards that it hadn't, by this name, before."""
    return tuple(sorted(_tables(after) - _tables(before)))


def _permissions(state: ProjectState) -> Iterator[Permission]:
    for model in state.apps.get_models():
        options: Any = model._meta  # noqa: SLF001  # Django documents it so.
        # Django's own list, which it keeps private.
        for codename, name in management._get_all_permissions(options):  # type: ignore[attr-defined]  # noqa: SLF001
            yield options.app_label, options.model_name, codename, name


def _content_type(app_label: str, model: str) -> int:
    """Return the id of a row in public, made now if a migration of this run made the model."""
    found, _is_new = ContentType.objects.get_or_create(app_label=app_label, model=model)
    return int(found.pk)


def _tables(state: ProjectState) -> set[str]:
    models = state.apps.get_models(include_auto_created=True)
    options: list[Any] = [model._meta for model in models]  # noqa: SLF001  # The same.
    own = revisions.labels()
    return {each.db_table for each in options if each.managed and each.app_label in own}
