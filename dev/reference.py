"""`python -m dev.reference`: writes what the documentation takes from the code.

Names and defaults of settings are read from the code, their meaning from dev/settings.toml; a
command's help and options are what its parser prints; the parameters of public names are those of
the names that their page lists.
"""

import argparse
import ast
import inspect
import os
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from dev.lint import SETTINGS, production_environment
from dev.paths import ROOT

LIST = ROOT / "dev" / "settings.toml"
DOCS = ROOT / "docs"
COMMANDS = ROOT / "operations" / "management" / "commands"
GENERATED = re.compile(r"(<!-- generated -->\n).*?(<!-- end of generated -->)", re.DOTALL)
IN_SHELL = re.compile(r"\$\{([A-Z][A-Z0-9_]+):-([^}]*)\}")


def main() -> None:
    import django

    os.environ.update({**production_environment(), **SETTINGS})
    django.setup()
    for name, text in pages().items():
        (DOCS / name).write_text(text)


def pages() -> dict[str, str]:
    """Return each page as it should be."""
    blocks = {
        "operations/settings.md": setting_tables(),
        "operations/commands.md": command_table(),
        "develop/permissions.md": permission_table(),
        "develop/upgrading.md": public_names(DOCS / "develop" / "upgrading.md"),
    }
    return {name: _with(DOCS / name, "\n".join(lines)) for name, lines in blocks.items()}


def _with(page: Path, block: str) -> str:
    return GENERATED.sub(lambda marks: f"{marks[1]}{block}\n{marks[2]}", page.read_text())


def setting_tables() -> Iterator[str]:
    known = defaults()
    for title, rows in tomllib.loads(LIST.read_text()).items():
        yield f"### {title}\n"
        yield "| Name | Default | Meaning | Example | In production |"
        yield "|---|---|---|---|---|"
        for name, row in rows.items():
            default = row.get("default") or known[name]
            cells = (f"`{name}`", default, row["meaning"], row["example"], row["production"])
            yield f"| {' | '.join(cells)} |"
        yield ""


def defaults() -> dict[str, str]:
    """Return the defaults that are written in the code, as the page shows them."""
    found = {}
    for node in ast.walk(ast.parse((ROOT / "saas/settings.py").read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="env")),
                args=[ast.Constant(value=str(name)), *_],
                keywords=given,
            ):
                values = [each.value for each in given if each.arg == "default"]
                found[name] = _shown(values[0]) if values else "none"
    return found | {
        name: f"`{value}`" for name, value in IN_SHELL.findall((ROOT / "bin/start").read_text())
    }


def _shown(value: ast.expr) -> str:
    match value:
        case ast.Constant(value=bool(flag)):
            return f"`{str(flag).lower()}`"
        case ast.Constant(value="") | ast.List(elts=[]):
            return "empty"
        case ast.Constant(value=str() | int() | float() as constant):
            return f"`{constant}`"
        case _:
            return ""  # It follows from another setting: dev/settings.toml says how.


def command_table() -> Iterator[str]:
    from django.core.management import load_command_class
    from django.core.management.base import BaseCommand

    common = {option for each in _actions(BaseCommand()) for option in each.option_strings}
    yield "| Command | What it does | Arguments |"
    yield "|---|---|---|"
    for path in sorted(COMMANDS.glob("[!_]*.py")):
        command: Any = load_command_class("operations", path.stem)
        own = [each for each in _actions(command) if not common & {*each.option_strings}]
        names = (each.option_strings[-1] if each.option_strings else each.dest for each in own)
        arguments = ", ".join(f"`{name}`" for name in names)
        yield f"| `{path.stem}` | {command.help} | {arguments} |"


def permission_table() -> Iterator[str]:
    from accounts.access.permissions import permissions
    from accounts.users.models import Role

    yield f"| Permission | A member may … | {' | '.join(role.name.title() for role in Role)} |"
    yield f"|---|---|{'---|' * len(Role)}"
    own = [each for each in permissions if each.name.partition(".")[0] not in product_labels()]
    for each in own:
        held = ("yes" if role in each.roles else "" for role in Role)
        yield f"| `{each.name}` | {each.title} | {' | '.join(held)} |"


def product_labels() -> set[str]:
    """Return the labels of a product's apps: its own documentation is written elsewhere."""
    from django.conf import settings

    return {name.rpartition(".")[2] for name in settings.PRODUCT_APPS}


def public_names(page: Path) -> Iterator[str]:
    """Yield the names that the page lists, with their parameters today.

    Raises `ImportError` or `AttributeError` for a name that is no longer there.
    """
    (block,) = [found[0] for found in GENERATED.finditer(page.read_text())]
    yield "```"
    for name in re.findall(r"^[a-z]\w*(?:\.\w+)+", block, re.MULTILINE):
        yield f"{name}{_parameters(pkgutil.resolve_name(name))}"
    yield "```"


def _parameters(value: Any) -> str:
    """Return a callable's parameters, without types and the values of defaults."""
    from celery import Task
    from django.db.models import Model
    from django.http import HttpRequest

    # A product writes no call of these.
    is_type_alone = isinstance(value, type) and issubclass(value, Model | Task | Enum | HttpRequest)
    if not callable(value) or is_type_alone:
        return ""
    signature = inspect.signature(value)
    bare = [
        each.replace(
            annotation=each.empty, default=each.empty if each.default is each.empty else ...
        )
        for each in signature.parameters.values()
    ]
    shown = signature.replace(parameters=bare, return_annotation=signature.empty)
    return str(shown).replace("=Ellipsis", "=…")


def _actions(command: Any) -> list[argparse.Action]:
    parser = command.create_parser("manage.py", "")
    return list(parser._actions)  # noqa: SLF001  # argparse offers no other way to list them.


if __name__ == "__main__":
    main()
