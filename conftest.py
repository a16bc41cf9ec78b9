"""The fixtures of all tests: of the service, and of the product's apps."""

from tests.fixtures import *  # noqa: F403
