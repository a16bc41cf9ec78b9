"""The pool as a worker fills it by itself."""

import os
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from dev.ports import free_port
from tests.environment import WORKER, redis_url
from tests.pool import ready
from tests.stacks import Stack, environment, running, wait_until


def test_a_worker_that_starts_fills_the_pool(committed, administrator, tmp_path):
    name = connection.settings_dict["NAME"]
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    redis = redis_url(12 + int(WORKER.removeprefix("gw") or 0))
    changes = {"DATABASE_URL": url, "REDIS_URL": redis, "SCHEMA_POOL_SIZE": "2"}
    variables = environment(free_port(), tmp_path, **changes)

    with running(Stack(0, variables, tmp_path, database=administrator), "worker"):
        # Beat, which would ask as well, isn't there.
        wait_until(lambda: len(ready()) == 2, "a full pool")
