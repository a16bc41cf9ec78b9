"""What settings read in tests: a plugin, as Django reads settings before any conftest."""

import os
from urllib.parse import urlsplit, urlunsplit

# The pytest process: "" when there is one alone, else "gw0", "gw1" …
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


def redis_url(number: int) -> str:
    """Return the URL of one of the test server's databases."""
    return urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}"))


if WORKER and "REDIS_URL" in os.environ:
    # Processes that share a database would empty each other's.
    os.environ["REDIS_URL"] = redis_url(int(WORKER.removeprefix("gw")) + 1)
# A busy machine is no reason for a page to do without its cache.
os.environ.setdefault("REDIS_TIMEOUT", "30")
