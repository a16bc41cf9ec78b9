"""Ours: the service's own settings and backend, with the page and the table that are measured.

`BENCH_MIDDLEWARE=whole` keeps all of the service's middleware. Otherwise it is Django's own
list, as on the other subjects, with our tenancy in front.
"""

import os

from bench.projects.shared import DJANGOS_MIDDLEWARE
from saas import settings as service
from saas.settings import *  # noqa: F403  # A project of its own that differs by a few lines.

INSTALLED_APPS = [*service.INSTALLED_APPS, "bench.notes"]
SHARED_APPS = [*service.SHARED_APPS, "bench.notes"]
TENANT_APPS = [*service.TENANT_APPS, "bench.notes"]
ROOT_URLCONF = "bench.projects.urls"
if os.environ.get("BENCH_MIDDLEWARE") != "whole":
    MIDDLEWARE = ["tenants.domains.middleware.TenantMiddleware", *DJANGOS_MIDDLEWARE]
    SESSION_ENGINE = "django.contrib.sessions.backends.db"
