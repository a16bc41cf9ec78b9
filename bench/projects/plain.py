"""Plain Django: the same tables of users, page and middleware, without any tenancy."""

from bench.projects.shared import DJANGOS_MIDDLEWARE, database
from saas import settings as service
from saas.settings import *  # noqa: F403  # A project of its own that differs by a few lines.

# The apps that depend on tenants.
OURS = {"operations", "tenancy", "tenants", "django_tenants"}
INSTALLED_APPS = [
    *(app for app in service.INSTALLED_APPS if app not in OURS),
    "bench.notes",
]
MIDDLEWARE = DJANGOS_MIDDLEWARE
ROOT_URLCONF = "bench.projects.urls"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
DATABASES = {"default": database("django.db.backends.postgresql")}
DATABASE_ROUTERS = []
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
