"""Trees and keys for the launcher's tests: no Django, and none of the servers of this test run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dev import keys, unprivileged
from dev.binaries import postgres_programs
from dev.paths import ROOT

# A program in the tree of a test stands for the service, and gets nothing of ours.
OURS = ("DATABASE_URL", "DATABASE_ADMIN_URL", "REDIS_URL", "SAAS_ENV", "PORT", "DEV_STACK")

# In seconds. What a launcher may take on a machine with much else to do.
PATIENCE = 120


@pytest.fixture
def place(tmp_path):
    """A folder for servers, whose path has a space in it."""
    folder = tmp_path / "a place"
    folder.mkdir()
    return folder


@pytest.fixture
def own_keys():
    return keys.fresh()


@pytest.fixture
def bare_environ():
    return {name: value for name, value in os.environ.items() if name not in OURS}


@pytest.fixture
def tree(tmp_path):
    """A checkout with the launcher, and in place of the service a stub that answers /readyz."""
    root = tmp_path / "a tree"
    shutil.copytree(ROOT / "dev", root / "dev", ignore=shutil.ignore_patterns("__pycache__"))
    stubs = Path(__file__).parent / "stubs"
    shutil.copy(stubs / "manage.py", root / "manage.py")
    shutil.copy(stubs / "Procfile", root / "Procfile")
    (root / "bin").mkdir()
    shutil.copy(stubs / "start", root / "bin" / "start")
    return root


@pytest.fixture
def as_ordinary_user(tree):
    """What a command begins with that runs as the owner of the tree, without root's privileges."""
    if os.geteuid() != 0:
        return ()
    if not unprivileged.namespace_works(postgres_programs(), tree):
        pytest.skip("this is root, and user namespaces are not allowed here")
    return unprivileged.NAMESPACE


@pytest.fixture
def launch(tree, bare_environ):
    """Start `python -m dev …` in the tree; whatever still runs at the end is killed."""
    started = []

    def start(*arguments, prefix=(), stdin=subprocess.DEVNULL, **environ):
        log = (tree / f"{len(started)}.log").open("w+")
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "dev", *arguments],
            cwd=tree,
            env={**bare_environ, "PYTHONWARNINGS": "default", **environ},
            stdin=stdin,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        process.log = Path(log.name)
        log.close()
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)
