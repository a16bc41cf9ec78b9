"""Every variable that the code reads is explained, and none that it doesn't."""

import ast
import re
from pathlib import Path

from tests.docs.markdown import ROOT, page

ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \|(.*)\|\s*$", re.MULTILINE)
# The machine's own and pytest-xdist's, and what `make prove` passes to its plugin.
GIVEN = {
    "PATH",
    "PYTEST_XDIST_WORKER_COUNT",
    "ATTACKS_END_AT",
    "ATTACKS_NOT_BEGUN",
}
READERS = [ROOT / "saas/settings.py", ROOT / "saas/gunicorn.py", *(ROOT / "dev").rglob("*.py")]
SHELL = re.compile(r"\$\{?([A-Z][A-Z0-9_]+)")


def documented() -> dict[str, list[str]]:
    """Each variable's row on the settings' page, cell by cell."""
    rows = ROW.findall(page("docs/operations/settings.md").text)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


def read_by(path: Path) -> dict[str, ast.expr | None]:
    """The variables that a module reads from its environment, each with its default."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and is_reading(node.func) and node.args:
            found |= named(node.args[0], default_of(node))
        if isinstance(node, ast.Subscript) and is_environment(node.value):
            found |= named(node.slice, None)
    return found


def is_reading(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(value=ast.Name(id="env")):
            return True
        case ast.Attribute(value=source, attr="get" | "setdefault"):
            return is_environment(source)
        case ast.Attribute(value=ast.Name(id="os"), attr="getenv"):
            return True
    return False


def is_environment(node: ast.expr) -> bool:
    return ast.unparse(node) in {"os.environ", "environ"}


def named(node: ast.expr, default: ast.expr | None) -> dict[str, ast.expr | None]:
    is_name = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return {node.value: default} if is_name and re.fullmatch(r"[A-Z][A-Z0-9_]+", node.value) else {}


def default_of(call: ast.Call) -> ast.expr | None:
    keywords = [keyword.value for keyword in call.keywords if keyword.arg == "default"]
    return next(iter([*keywords, *call.args[1:2]]), None)


def everything_read() -> set[str]:
    in_python = {name for path in READERS for name in read_by(path)}
    in_shell = set(SHELL.findall((ROOT / "bin/start").read_text()))
    return (in_python | in_shell) - GIVEN


def test_every_variable_that_is_read_has_its_row():
    assert sorted(everything_read() - documented().keys()) == []


def test_every_row_is_about_a_variable_that_is_read():
    assert sorted(documented().keys() - everything_read()) == []


def test_every_row_has_a_default_a_meaning_an_example_and_what_production_wants():
    assert {name: len(cells) for name, cells in documented().items()} == dict.fromkeys(
        documented(), 4
    )


def test_the_defaults_are_the_codes():
    rows = documented()
    wrong = {}
    for name, default in read_by(ROOT / "saas/settings.py").items():
        said = rows[name][0]
        match default:
            case None:
                is_right = said in {"none", "required"}
            case ast.Constant(value=bool(value)):
                is_right = f"`{str(value).lower()}`" in said
            case ast.Constant(value="") | ast.List(elts=[]):
                is_right = said == "empty"
            case ast.Constant(value=value):
                is_right = f"`{value}`" in said
            case ast.List(elts=[ast.Constant(value=value)]):
                is_right = f"`{value}`" in said
            case _:
                is_right = True  # It follows from another setting, which the row says in words.
        if not is_right:
            wrong[name] = said

    assert wrong == {}
