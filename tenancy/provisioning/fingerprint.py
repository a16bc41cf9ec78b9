"""The fingerprint of everything that determines a new tenant's schema."""

import functools
import hashlib
import importlib.util
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tenancy import privileges

# What determines the schema besides the migrations.
SETTINGS = ("TENANT_APPS", "SHARED_APPS", "AUTH_USER_MODEL", "DEFAULT_AUTO_FIELD")
LIBRARIES = ("django", "django-tenants")
OURS = (".py", ".sql")
# For how long content types are cached.
SECONDS_CACHED = 60.0
_cached: tuple[float, list[str]] = (0.0, [])
VERSION_STEP = 10_000


def release_digest() -> str:
    """Return the fingerprint of the running code on this database. Call it in public.

    It covers the process's own files: code of one release never uses what another has made. It
    covers the ids of content types as well, to which a tenant's permissions refer.
    """
    connection.ensure_connection()
    major = connection.connection.info.server_version // VERSION_STEP
    parts = [_of_files(), f"postgresql {major}", *_content_types()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@functools.cache
def _of_files() -> str:
    digest = hashlib.sha256()
    for word in _words():
        digest.update(word.encode() + b"\0")
    for path in _sources():
        digest.update(f"{path.parent.parent.name}/{path.name}".encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _words() -> Iterator[str]:
    yield from (f"{name} {version(name)}" for name in LIBRARIES)
    for name in SETTINGS:
        yield f"{name} {getattr(settings, name)}"
    yield from privileges.tenant_statements("of_a_tenant")


def _sources() -> Iterator[Path]:
    """Yield this package's files and all apps' migrations: tenants get permissions for all apps."""
    for config in apps.get_app_configs():
        yield from _migrations(config)
    yield from sorted(each for end in OURS for each in Path(__file__).parent.glob(f"**/*{end}"))


def _migrations(config: AppConfig) -> Iterator[Path]:
    module, _is_set = MigrationLoader.migrations_module(config.label)
    spec = importlib.util.find_spec(module) if module else None
    for folder in (spec and spec.submodule_search_locations) or ():
        yield from sorted(Path(folder).glob("*.py"))


def _content_types() -> list[str]:
    """Return the content types of the models in the running code: another release may have more.

    Cached for `SECONDS_CACHED` seconds, to save each sign-up a query.
    """
    global _cached  # noqa: PLW0603  # One per process.
    asked_at, types = _cached
    if not types or time.monotonic() - asked_at > SECONDS_CACHED:
        known = {(model._meta.app_label, model._meta.model_name) for model in apps.get_models()}  # noqa: SLF001  # Its public name.
        rows = ContentType.objects.order_by("id").values_list("id", "app_label", "model")
        types = [f"{pk} {label}.{model}" for pk, label, model in rows if (label, model) in known]
        _cached = time.monotonic(), types
    return types


def forget() -> None:
    """Clear the cached content types."""
    global _cached  # noqa: PLW0603  # One per process.
    _cached = 0.0, []
