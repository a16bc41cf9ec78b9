"""The toy with a product whose models are declared wrongly, one for each check."""

from tests.tenancy.toy import settings
from tests.tenancy.toy.settings import *  # noqa: F403

SHARED_APPS = [*settings.SHARED_APPS, "tests.tenancy.toy.faulty"]
INSTALLED_APPS = SHARED_APPS
PRODUCT_APPS = ["tests.tenancy.toy.faulty"]
