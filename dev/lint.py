"""`make lint`: every check, each to its end, and what failed."""

import os
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from dev import keys
from dev.environment import over
from dev.paths import PACKAGES, ROOT

CODE = (*PACKAGES, "dev", "bench", "tests", "manage.py")
SHIPPED = (*PACKAGES, "bin/healthcheck", "manage.py")

SETTINGS = {"DJANGO_SETTINGS_MODULE": "saas.settings"}


@dataclass(frozen=True)
class Step:
    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    step: Step
    is_ok: bool
    seconds: float
    output: str


def main(arguments: list[str]) -> int:
    """Print what fails, and one line at the end; with `--times` also what each check took."""
    since = time.monotonic()
    # Each is a process of its own, so that threads use all cores.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        results = list(threads.map(_run, steps()))
    for result in results:
        if not result.is_ok:
            print(f"· {result.step.name}\n{textwrap.indent(result.output.rstrip(), '    ')}")
        if "--times" in arguments:
            print(f"{result.seconds:6.1f} s  {result.step.name}")
    failed = [result.step.name for result in results if not result.is_ok]
    took = f"{time.monotonic() - since:.0f} s"
    passed = f"All {len(results)} checks passed in {took}."
    print(
        f"Failed: {', '.join(failed)} (of {len(results)} checks, in {took})" if failed else passed
    )
    return 1 if failed else 0


def steps() -> list[Step]:
    code = [name for name in CODE if (ROOT / name).exists()]
    templates = _shipped("templates/**/*.html")
    migrations = _shipped("migrations/*.py")
    deployed = production_environment()
    return [
        Step("format", _tool("ruff", "format", "--check", *code)),
        Step("ruff", _tool("ruff", "check", *code)),
        # Their names alone: the rest of a migration is Django's, and ruff passes them over.
        Step("migrations' names", _tool("ruff", "check", "--select=TID251", *migrations)),
        Step("types", _python("mypy"), deployed),
        Step("layers", _tool("lint-imports")),
        Step("guards", _python("dev.guards")),
        Step("mistakes", _tool("bandit", "--quiet", "-c", "pyproject.toml", "-r", *SHIPPED)),
        Step("templates", _tool("djade", "--check", "--target-version=5.2", *templates)),
        Step("migrations", _manage("makemigrations", "--check", "--dry-run"), deployed),
        Step("unsafe migrations", _python("dev.migration_safety"), {**deployed, **SETTINGS}),
        Step("deployment", _manage("check", "--deploy", "--fail-level=WARNING"), deployed),
        Step("vocabulary", _python("dev.vocabulary")),
        Step("commits", _python("dev.commit_messages")),
        Step("modules", _python("dev.modules")),
    ]


def production_environment() -> dict[str, str]:
    """Throwaway values in a production's shape; no server is contacted."""
    own_keys = keys.fresh()
    return {
        "SAAS_ENV": "production",
        "SECRET_KEY": own_keys.secret_key,
        "PAYLOAD_KEYS": own_keys.payload_keys,
        "DIRECTORY_KEY": own_keys.directory_key,
        "DATABASE_URL": "postgres://saas:none@127.0.0.1:9/saas",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "EMAIL_URL": "smtp://127.0.0.1:9",
        "BASE_ORIGIN": "https://example.com",
    }


def _run(step: Step) -> Result:
    started = time.monotonic()
    done = subprocess.run(
        step.command,
        cwd=ROOT,
        env=over(os.environ, step.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    output = done.stdout.decode(errors="replace")
    return Result(step, done.returncode == 0, time.monotonic() - started, output)


def _shipped(pattern: str) -> list[str]:
    found = (path for app in PACKAGES for path in (ROOT / app).rglob(pattern))
    return sorted(str(path.relative_to(ROOT)) for path in found)


def _tool(name: str, *arguments: str) -> list[str]:
    """A program of the same environment, by its path: a moved checkout's PATH may name another."""
    return [str(Path(sys.executable).parent / name), *arguments]


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
