"""`make lint`: every check, each to its end, and then what failed."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from dev import keys
from dev.environment import over
from dev.paths import ROOT

APPS = ("saas", "tenants", "accounts", "tasks")
CODE = (*APPS, "dev", "bench", "tests", "manage.py")
SHIPPED = (*APPS, "bin/healthcheck", "manage.py")

SETTINGS = {"DJANGO_SETTINGS_MODULE": "saas.settings"}


@dataclass(frozen=True)
class Step:
    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


def main() -> int:
    failed = [step.name for step in steps() if not _passes(step)]
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nAll checks passed.")
    return 1 if failed else 0


def steps() -> list[Step]:
    code = [name for name in CODE if (ROOT / name).exists()]
    deployed = production_environment()
    return [
        Step("format", _tool("ruff", "format", "--check", *code)),
        Step("ruff", _tool("ruff", "check", *code)),
        Step("types", _python("mypy"), deployed),
        Step("layers", _tool("lint-imports")),
        Step("guards", _python("dev.guards")),
        Step("mistakes", _tool("bandit", "--quiet", "-c", "pyproject.toml", "-r", *SHIPPED)),
        Step("templates", _tool("djade", "--check", "--target-version=5.2", *_templates())),
        Step("migrations", _manage("makemigrations", "--check", "--dry-run"), deployed),
        Step("expanding", _python("dev.expanding"), {**deployed, **SETTINGS}),
        Step("deployment", _manage("check", "--deploy", "--fail-level=WARNING"), deployed),
        Step("modules", _python("dev.modules")),
    ]


def production_environment() -> dict[str, str]:
    """Throwaway values in a production's shape; nothing listens there, and nothing is asked to."""
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


def _passes(step: Step) -> bool:
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
    verdict = "failed" if done.returncode else "ok"
    print(f"· {step.name:12} {verdict:6} {time.monotonic() - started:5.1f} s", flush=True)
    if done.returncode or step.name == "modules":
        print(_indented(done.stdout.decode(errors="replace")), flush=True)
    return done.returncode == 0


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _tool(name: str, *arguments: str) -> list[str]:
    """A program of the same environment, by its path: a moved checkout's PATH may name another."""
    return [str(Path(sys.executable).parent / name), *arguments]


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def _templates() -> list[str]:
    found = (path for app in APPS for path in (ROOT / app).rglob("templates/**/*.html"))
    return sorted(str(path.relative_to(ROOT)) for path in found)


if __name__ == "__main__":
    sys.exit(main())
