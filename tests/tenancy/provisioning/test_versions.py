"""The comparison and the renderer on the oldest PostgreSQL, with its distribution's updates."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev import keys, postgres
from dev.binaries import DEBIAN_15
from dev.environment import over
from dev.paths import ROOT
from tests.servers import needs_debian_15

pytestmark = pytest.mark.long

FILES = ("test_comparison.py", "test_rendering.py")


@pytest.fixture
def debian_15(tmp_path):
    """The environment of a process whose database is Debian's PostgreSQL 15."""
    own = keys.fresh()
    cluster = postgres.Cluster(
        tmp_path,
        own.administrator_password,
        own.service_password,
        is_throwaway=True,
        programs=DEBIAN_15,
    )
    started = postgres.start(cluster)
    urls = {"DATABASE_URL": started.database_url, "DATABASE_ADMIN_URL": started.administrator_url}
    # The process is no worker of this run, and what it covers the run has covered already.
    own_environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV"))}
    yield over(own_environ, urls)
    started.server.stop()
    postgres.erase(tmp_path)


@needs_debian_15
def test_a_script_is_proven_on_debians_postgresql_15(debian_15):
    files = [str(Path(__file__).with_name(name)) for name in FILES]

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
        cwd=ROOT,
        env=debian_15,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
