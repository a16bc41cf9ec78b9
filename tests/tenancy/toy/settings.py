"""A project with the engine, a tenant model and one app for tenants, and no other app of ours."""

import environ

from tenancy import timeouts

env = environ.Env()
SECRET_KEY = "a toy has no secrets"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TENANT_APPS = ["django.contrib.auth", "tests.tenancy.toy.notes"]
SHARED_APPS = [
    "django_tenants",
    "django.contrib.contenttypes",
    "tenancy",
    "tests.tenancy.toy.clubs",
    *TENANT_APPS,
]
INSTALLED_APPS = SHARED_APPS
TENANT_MODEL = "clubs.Club"
TENANT_DOMAIN_MODEL = "clubs.Domain"

DATABASES = {
    "default": {
        **env.db_url("DATABASE_URL"),
        "ENGINE": "tenancy.postgresql",
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": timeouts.database(process="command", pool_size=0),
    }
}
DATABASE_ROUTERS = ["tenancy.router.PlacementRouter", "django_tenants.routers.TenantSyncRouter"]
DDL_TIMEOUTS = timeouts.DDL
SCHEMA_POOL_SIZE = 1
CANARY_TENANTS: list[str] = []
