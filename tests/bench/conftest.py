"""One set of the bench's databases, on servers of its own, for all measurements."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from bench.registry import MEASUREMENTS, SIZES, opened
from dev.environment import over, service_environment
from dev.servers import Servers
from tests.stacks import own_servers


@pytest.fixture(scope="session")
def bench_environment(tmp_path_factory):
    """Servers of its own: it creates the roles, which belong to a whole cluster."""
    migrated = Path(os.environ.get("MIGRATED_CLUSTER", ""))
    template = migrated if (migrated / "PG_VERSION").is_file() else None
    with own_servers(tmp_path_factory.mktemp("bench-servers"), template) as servers:
        urls = Servers(
            servers.database.database_url, servers.database.administrator_url, servers.store.url
        )
        own = service_environment("test", servers.keys, urls)
        own |= {"DATABASE_ADMIN_URL": urls.administrator_url, "RATE_LIMITS": "off"}
        # As few processes as show that the measurement runs.
        own |= {"WEB_WORKERS": "1", "WORKER_CONCURRENCY": "1", "OUTBOX_SWEEP_SECONDS": "1"}
        yield over(os.environ, own)


@pytest.fixture(scope="session")
def run(bench_environment, tmp_path_factory):
    """The databases of a run, which a measurement finds as those before it have left them."""
    folder = tmp_path_factory.mktemp("bench")
    # Without a migrated cluster it is an empty database.
    database = urlsplit(bench_environment["DATABASE_URL"]).path[1:]
    with opened(SIZES["tiny"], folder, bench_environment, migrated=database) as opened_run:
        yield opened_run


@pytest.fixture(scope="session")
def figures_of(run):
    """Take each measurement once, and return its rows."""
    taken = {}

    def take(name):
        if name not in taken:
            taken[name] = []
            for row in MEASUREMENTS[name].measure(run):
                taken[name].append(row.as_json())
                if name == "burst":
                    lose_notifications(run.environment["REDIS_URL"])
        return taken[name]

    return take


def lose_notifications(url):
    """Empty the broker: on a slow machine, notifications expire before the worker reads them."""
    with redis.Redis.from_url(url) as broker:
        broker.flushall()
