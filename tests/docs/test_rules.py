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


# The modules of a capability that answer requests, or belong to the shell around its pages.
ABOVE_FORMS = {
    "adapters", "apps", "client_ip", "console_views", "decorators", "devices", "entry",
    "login_throttling", "middleware", "navigation", "overview", "pages", "panels", "requests",
    "urls", "verification", "views",
}  # fmt: skip


def modules_below_forms(app: str) -> list[Path]:
    """The modules of an app that forms may call, and the forms."""
    found = (ROOT / app).rglob("*.py")
    return [
        path for path in found if path.stem not in ABOVE_FORMS and "templatetags" not in path.parts
    ]


def names_in(path: Path) -> set[str]:
    tree = ast.walk(ast.parse(path.read_text()))
    return {getattr(node, "id", "") or getattr(node, "name", "") or "" for node in tree}


def test_no_request_reaches_below_forms():
    modules = [
        path
        for app in ("tenants", "accounts", "tasks", "tenancy")
        for path in modules_below_forms(app)
    ]

    assert {"forms.py", "services.py", "relay.py"} <= {path.name for path in modules}
    assert [path for path in modules if names_in(path) & REQUESTS] == []


def test_the_table_of_packages_is_that_of_the_contract():
    table = page("ARCHITECTURE.md").text.partition("| Package |")[2].partition("\n\n")[0]
    named = [SPAN.findall(row.split("|")[1])[0] for row in table.splitlines()[2:]]
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (stack,) = [each for each in settings["contracts"] if each["name"] == "The stack"]

    assert named == stack["layers"] == list(PACKAGES)
    assert settings["root_packages"] == ["dev", "bench", *PACKAGES]


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
