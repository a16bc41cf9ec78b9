"""The settings that mypy's plugin reads: the service's, in a shell that has no environment."""

import os

from dev.lint import production_environment

if "SAAS_ENV" not in os.environ:
    os.environ.update(production_environment())

from saas.settings import *  # noqa: F403  # Its names are the types of `settings`.
