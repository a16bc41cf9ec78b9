"""Rules of the architecture that no other test holds."""

import ast
import tomllib
from pathlib import Path

import pytest
from django.core.cache import cache

from dev.paths import PACKAGES
from tenancy.context import workspace_context
from tenancy.errors import TenantMissingError
from tests.contexts import public_context
from tests.docs.markdown import ROOT, SPAN, page

REQUESTS = {"HttpRequest", "TenantRequest", "MemberRequest"}


def layers_of(app: str) -> list[list[str]]:
    """An app's layers from the top down, as its contract lists them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = settings["contracts"]
    contract = next(found for found in contracts if found.get("containers") == [app])
    return [layer.split(" | ") for layer in contract["layers"]]


def modules_below_forms(app: str) -> list[Path]:
    """The modules of the layers from forms down; all of an app without forms."""
    layers = layers_of(app)
    depth = next((number for number, layer in enumerate(layers) if "forms" in layer), 0)
    names = [name for layer in layers[depth:] for name in layer]
    found = [(ROOT / app).glob(f"{name}.py") for name in names]
    found += [(ROOT / app / name).rglob("*.py") for name in names]
    return [path for paths in found for path in paths]


def names_in(path: Path) -> set[str]:
    tree = ast.walk(ast.parse(path.read_text()))
    return {getattr(node, "id", "") or getattr(node, "name", "") or "" for node in tree}


def test_no_request_reaches_below_forms():
    modules = [
        path
        for app in ("tenants", "accounts", "tasks", "tenancy")
        for path in modules_below_forms(app)
    ]

    assert {"forms.py", "signup.py", "relay.py"} <= {path.name for path in modules}
    assert [path for path in modules if names_in(path) & REQUESTS] == []


def test_the_table_of_packages_is_that_of_the_contract():
    table = page("ARCHITECTURE.md").text.partition("| Package |")[2].partition("\n\n")[0]
    named = [SPAN.findall(row.split("|")[1])[0] for row in table.splitlines()[2:]]
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (stack,) = [each for each in settings["contracts"] if each["name"] == "The stack"]

    assert named == stack["layers"] == list(PACKAGES)
    assert settings["root_packages"] == [*PACKAGES, "bench"]


def test_a_cache_key_belongs_to_one_schema(acme, globex):
    with workspace_context(acme):
        cache.set("colour", "red")
    with workspace_context(globex):
        cache.set("colour", "blue")

    with workspace_context(acme):
        assert cache.get("colour") == "red"
    with public_context():
        assert cache.get("colour") is None
    with pytest.raises(TenantMissingError):
        cache.get("colour")
