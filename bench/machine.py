"""The machine, the programs and the commit that figures were taken with."""

import datetime as dt
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import psycopg

ROOT = Path(__file__).resolve().parent.parent


def facts(url: str) -> dict[str, Any]:
    """Return what a reader needs to know to compare the figures with their own."""
    with psycopg.connect(url) as server:
        postgres = server.info.parameter_status("server_version")
    return {
        "taken_at": dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": postgres,
        "packages": {name: version(name) for name in ("Django", "django-tenants", "psycopg")},
        "load_before": os.getloadavg()[0],
    }


def _commit() -> str:
    """Return the checked-out commit, marked if files differ from it; "unknown" without git."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _processor() -> str:
    """Return the processor's name, as Linux reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
