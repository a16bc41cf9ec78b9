"""The toy with an app whose shared tables declare nothing, or a role that no app defines."""

from tests.tenancy.toy import settings
from tests.tenancy.toy.settings import *  # noqa: F403

SHARED_APPS = [*settings.SHARED_APPS, "tests.tenancy.toy.faulty"]
INSTALLED_APPS = SHARED_APPS
