"""No process starts with keys that protect nothing."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

PROCESSES = {
    "web": (sys.executable, "-c", "import saas.wsgi"),
    "worker": (sys.executable, "-m", "celery", "-A", "saas", "worker", "--pool", "solo"),
    "beat": (sys.executable, "-m", "celery", "-A", "saas", "beat"),
    "command": (sys.executable, "manage.py", "check"),
}


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_refuses_keys_that_are_none(name, tmp_path):
    environment = {**os.environ, "PAYLOAD_KEYS": "hunter22", "REDIS_URL": "redis://127.0.0.1:9/0"}

    own = ("--schedule", str(tmp_path / "schedule")) if name == "beat" else ()
    done = subprocess.run(
        (*PROCESSES[name], *own), cwd=settings.BASE_DIR, env=environment, check=False,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    assert done.returncode != 0
    assert "tasks.E001" in done.stderr
    assert "hunter22" not in done.stdout + done.stderr
