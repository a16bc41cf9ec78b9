"""Canaries: values that belong to one party alone, in every column that can hold one.

Models and fields are asked for, so that a new model is covered by being there. What can't be
made up (a column too narrow, a kind of field unknown here) fails with what to add.
"""

import datetime as dt
import itertools
import json
from dataclasses import dataclass, field

from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.utils import timezone
from psycopg import sql

from tenancy import tables
from tests.promises.isolation.marks import MARKS, Mark

# The same in every schema, by design: it says what kinds of rows there are, not which.
NOBODYS = {"contenttypes.contenttype", "django_tenants.tenantmixin"}
# Columns that take no made-up text: what stands there is code's word, or somebody else reads it.
SPECIAL = {
    "tenants.domain.is_primary": lambda mark: False,
    "tasks.message.state": lambda mark: "dead",
    "tasks.message.task": lambda mark: "accounts.sign_in.emails.send_code",
    "tasks.message.expires_at": lambda mark: timezone.now() + dt.timedelta(days=30),
    "accounts.profile.phone_number": lambda mark: mark.phone,
    "accounts.profile.picture": lambda mark: (
        f"{mark.schema}/accounts_profile/{mark.word('pic')}.webp"
    ),
}
NUMBERS = itertools.count()


@dataclass
class Planted:
    """What was put in one party's place: one row of each of its models."""

    mark: Mark
    rows: dict[type[models.Model], object] = field(default_factory=dict)
    columns: int = 0


def by_dependency(given: list[type[models.Model]]) -> list[type[models.Model]]:
    """Return the models with tables of their own, whatever one refers to before it."""
    found = [
        model
        for model in given
        if model._meta.managed and not model._meta.proxy and not model._meta.swapped
        and model._meta.label_lower not in NOBODYS
    ]  # fmt: skip
    ordered: list[type[models.Model]] = []
    while len(ordered) < len(found):
        ready = [
            m for m in found if m not in ordered
            and not ({f.related_model for f in _keys(m) if not f.null} & set(found)) - {*ordered, m}
        ]  # fmt: skip
        assert ready, f"These models refer to each other in a circle: {set(found) - set(ordered)}"
        ordered += ready
    return ordered


def _keys(model: type[models.Model]) -> list[models.Field]:
    return [f for f in model._meta.concrete_fields if f.is_relation]


def shared_models() -> list[type[models.Model]]:
    """Return the models whose rows say by a column which tenant they belong to."""
    alone = by_dependency(tables.shared_models())
    return [m for m in alone if m is not apps.get_model(settings.TENANT_MODEL)]


def plant(database, mark: Mark, tenant=None) -> Planted:
    """Put a row of every model in the schema of a mark, full of canaries."""
    planted = Planted(mark)
    for model in by_dependency(tables.tenant_models()):
        _plant_row(database, planted, mark, model, tenant)
    return planted


def plant_shared(database, mark: Mark, planted: Planted, tenant=None) -> None:
    """Put a row about a party in every table that all of them share."""
    for model in shared_models():
        if tenant is not None or not _refers_to_tenants(model):
            _plant_row(database, planted, mark, model, tenant)


def _refers_to_tenants(model: type[models.Model]) -> bool:
    return any(f.related_model is apps.get_model(settings.TENANT_MODEL) for f in _keys(model))


def _plant_row(database, planted: Planted, mark: Mark, model, tenant) -> None:
    values = {}
    for column in model._meta.concrete_fields:
        value = _made_up(column, mark, planted, tenant)
        values[column.column] = column.get_db_prep_save(value, connection)
        planted.columns += mark.is_in(_as_text(value))
    schema = mark.schema if model in tables.tenant_models() else "public"
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(schema, model._meta.db_table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
    )
    try:
        database.execute(statement, list(values.values()))
    except Exception as error:
        raise AssertionError(
            f"No row of {model._meta.label} could be made up ({error}): say in SPECIAL of "
            "tests/promises/isolation/canaries.py what its columns take."
        ) from error
    key = model._meta.pk
    planted.rows[model] = values[key.column]


def _as_text(value: object) -> str:
    match value:
        case bytes():
            return value.decode(errors="replace")
        case dict() | list():
            return json.dumps(value)
        case _:
            return str(value)


def _made_up(column: models.Field, mark: Mark, planted: Planted, tenant) -> object:
    name = f"{column.model._meta.label_lower}.{column.name}"
    if name in SPECIAL:
        return SPECIAL[name](mark)
    if column.name == "schema_name":
        return mark.schema
    if column.is_relation:
        return _related(column, planted, tenant)
    if column.choices:
        return next(value for value, _label in column.flatchoices if value)
    for kinds, make in MAKERS:
        if isinstance(column, kinds):
            return make(column, mark)
    raise AssertionError(
        f"{name} is a {type(column).__name__}, for which no canary is known: add how one is made "
        "to MAKERS in tests/promises/isolation/canaries.py."
    )


def _related(column: models.Field, planted: Planted, tenant) -> object:
    target = column.related_model
    if target is ContentType:
        return ContentType.objects.get_for_model(ContentType).pk
    if tenant is not None and target is type(tenant):
        return tenant.pk
    return planted.rows.get(target)


def _text(column: models.Field, mark: Mark) -> str:
    word = mark.word(f"{next(NUMBERS):04d}")
    room = column.max_length or len(word)
    assert room >= len(word), (
        f"{column} holds {room} characters, and a canary has {len(word)}: say in SPECIAL of "
        "tests/promises/isolation/canaries.py what stands there."
    )
    return word


def _number(column: models.Field, mark: Mark) -> int:
    if column.primary_key:
        return mark.number + next(NUMBERS)
    return 0 if not column.has_default() else column.get_default()


def _moment(column: models.Field, _mark: Mark) -> object:
    return None if column.null else timezone.now() + dt.timedelta(days="expires" in column.name)


MAKERS = (
    (models.EmailField, lambda column, mark: f"{_text(column, mark)}@example.test"),
    (models.URLField, lambda column, mark: f"https://{_text(column, mark)}.test/"),
    ((models.CharField, models.TextField, models.FileField), _text),
    (models.GenericIPAddressField, lambda _, mark: mark.ip),
    (models.JSONField, lambda column, mark: {"canary": _text(column, mark)}),
    (models.BinaryField, lambda column, mark: _text(column, mark).encode()),
    (models.UUIDField, lambda _, mark: mark.uuid(next(NUMBERS))),
    (models.BooleanField, lambda column, _: column.get_default() or False),
    ((models.IntegerField, models.FloatField, models.DecimalField), _number),
    (models.DateTimeField, _moment),
    (models.DateField, lambda column, mark: m.date() if (m := _moment(column, mark)) else None),
    (models.DurationField, lambda *_: dt.timedelta(0)),
)


def marks_of(acme, globex) -> dict[str, Mark]:
    """Return each party's marks: its own schema's, and its rows' in the shared tables."""
    schemas = {"acme": acme.schema_name, "globex": globex.schema_name, "public": "public"}
    return {name: mark.within(schemas[mark.party]) for name, mark in MARKS.items()}
