"""`make app NAME=projects MODEL=Project`: writes a product's app, with pages, e-mail and tests."""

import keyword
import os
import re
import subprocess
import sys
from pathlib import Path
from string import Template

import django
from django.apps import apps

from dev.errors import StackError
from dev.lint import SETTINGS, production_environment
from dev.paths import ROOT

TEMPLATE = ROOT / "dev" / "app_template"
NAME, MODEL = re.compile("[a-z][a-z0-9_]{1,29}"), re.compile("[A-Z][A-Za-z0-9]{1,29}")
USAGE = """Say what the app and its model are called:

  make app NAME=projects MODEL=Project
  make app NAME=projects MODEL=Project KOREAN=프로젝트

NAME is a Python package (lower case, in the plural), MODEL a class (CamelCase, in the singular).
KOREAN is the model's name on Korean pages; without it, the English one stands there."""


def main(arguments: list[str]) -> int:
    """Write the app and its first migration.

    Raises `StackError` for names that don't fit, and then writes nothing.
    """
    name, model, korean = [*arguments, "", "", ""][:3]
    # Like `make lint`, without a database: the migrations there say what is new.
    os.environ |= production_environment() | SETTINGS | {"PYTHONWARNINGS": "ignore"}
    django.setup()
    refuse_installed(name)
    folder = write(name, model, korean=korean)
    format_code(folder)
    migrating = [sys.executable, "manage.py", "makemigrations", name]
    subprocess.run(migrating, cwd=ROOT, env=os.environ, check=True)
    print(f"\nWritten: {folder.relative_to(ROOT)}. Next: make test ARGS=product/{name}, make run.")
    return 0


def refuse_installed(name: str) -> None:
    """Raise `StackError` for the label of an installed app: Django takes each label once."""
    if name in {app.label for app in apps.get_app_configs()}:
        raise StackError(f"An installed app has the name {name} already. Choose another NAME.")


def write(name: str, model: str, *, korean: str = "", below: Path = ROOT / "product") -> Path:
    """Write the app's files, and return its folder. Raises `StackError`, and then writes none."""
    if not NAME.fullmatch(name) or keyword.iskeyword(name) or not MODEL.fullmatch(model):
        raise StackError(USAGE)
    folder = below / name
    if folder.exists():
        raise StackError(f"{folder} exists. Choose another NAME, or delete the folder.")
    words = _words(name, model, korean)
    for source in sorted(TEMPLATE.rglob("*.tpl")):
        parts = source.relative_to(TEMPLATE).with_suffix("").parts
        names = (part.replace("APP", name).replace("MODEL", words["model"]) for part in parts)
        target = below.joinpath(*names)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(source.read_text()).substitute(words))
    return folder


def format_code(folder: Path) -> None:
    """Format the app's code: how long a line is depends on the names."""
    ruff = Path(sys.executable).with_name("ruff")
    for arguments in (["format", "--quiet"], ["check", "--quiet", "--fix", "--exit-zero"]):
        subprocess.run([ruff, *arguments, folder], cwd=ROOT, check=True)


def _words(name: str, model: str, korean: str) -> dict[str, str]:
    """Return what the template's placeholders stand for."""
    singular = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", model).lower()
    return {
        "app": name,
        "App": "".join(part.title() for part in name.split("_")),
        "Title": name.replace("_", " ").capitalize(),
        "path": name.replace("_", "-"),
        # PostgreSQL's index names, and Django's, hold 30 characters.
        "short": name[:20],
        "Model": model,
        "model": singular.replace(" ", "_"),
        "models": name,
        "name": singular,
        "names": name.replace("_", " "),
        "korean": korean or singular,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
