"""Stock django-tenants: its backend, middleware, router and `Tenant.save()`, with our tables."""

from bench.projects.shared import DJANGOS_MIDDLEWARE, database
from saas import settings as service
from saas.settings import *  # noqa: F403  # A project of its own that differs by a few lines.

# What django-tenants and its tenant model stand for here.
OURS = {"operations", "tenancy", "tenants"}
SHARED_APPS = [
    "bench.stock",
    *(app for app in service.SHARED_APPS if app not in OURS),
    "bench.notes",
]
TENANT_APPS = [*service.TENANT_APPS, "bench.notes"]
INSTALLED_APPS = [
    *(app for app in service.INSTALLED_APPS if app not in OURS),
    "bench.stock",
    "bench.notes",
]
MIDDLEWARE = ["django_tenants.middleware.main.TenantMainMiddleware", *DJANGOS_MIDDLEWARE]
ROOT_URLCONF = PUBLIC_SCHEMA_URLCONF = "bench.projects.urls"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
TENANT_MODEL = "stock.Client"
TENANT_DOMAIN_MODEL = "stock.Domain"
DATABASES = {"default": database("django_tenants.postgresql_backend")}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
