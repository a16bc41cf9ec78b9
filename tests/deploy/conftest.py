"""The deployment's files, read once: what Compose, Docker and the settings say."""

import ast
import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
OURS = ("migrate", "web", "worker", "beat")
# Botocore reads these by itself, without a setting of ours.
FOREIGN = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL_S3",
}


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="session")
def services(compose) -> dict:
    return compose["services"]


@pytest.fixture(scope="session")
def ours(services) -> dict:
    """Those that run our image."""
    return {name: services[name] for name in OURS}


@pytest.fixture(scope="session")
def compose_schema() -> dict:
    return json.loads((Path(__file__).parent / "compose-spec/compose-spec.json").read_text())


@pytest.fixture(scope="session")
def dockerfile() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in their order: the word, and what follows it."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


@pytest.fixture(scope="session")
def start_targets() -> set[str]:
    """What bin/start can start."""
    return set(re.findall(r"^([a-z]+)\)$", (ROOT / "bin/start").read_text(), re.MULTILINE))


@pytest.fixture(scope="session")
def variables() -> dict[str, bool]:
    """Every variable that the service reads, and whether it is required."""
    found = {}
    for call in _calls(ROOT / "saas/settings.py"):
        if re.fullmatch(r"env\.\w+", _dotted(call.func)):
            is_optional = any(keyword.arg == "default" for keyword in call.keywords)
            found[call.args[0].value] = not is_optional
    for call in _calls(ROOT / "saas/gunicorn.py"):
        if _dotted(call.func) == "os.environ.get":
            found.setdefault(call.args[0].value, False)
    for name in re.findall(r"\$\{([A-Z_]+)", (ROOT / "bin/start").read_text()):
        found.setdefault(name, False)
    return found


def _calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def _dotted(node: ast.expr) -> str:
    return ast.unparse(node)
