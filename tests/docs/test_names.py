"""The names that the architecture quotes from the code are the code's."""

import re
from functools import cache

import pytest
from django.apps import apps

from dev.paths import PACKAGES
from tests.docs.markdown import ROOT, page, symbols

SOURCES = ("*.py", "*.html", "*.toml", "*.txt", "*.sh", "*.svg", "*.js", "*.css", "*.in")
FOLDERS = (*PACKAGES, "dev", "tests", "bin", "deploy", "requirements")
# What looks like code: snake_case, CamelCase, SHOUTING, a call, a dotted name.
CODE = re.compile(r"[A-Za-z_]+\w*_\w*|[A-Z][a-z]+[A-Z]\w*|[A-Z]{2,}\w*|[\w.]+\(.*\)|\w+(?:\.\w+)+")
NAMING = [
    "README.md",
    "ARCHITECTURE.md",
    *(f"docs/operations/{name}.md" for name in ("settings", "runbook")),
]
FOREIGN = ("django.", "allauth.", "https.", "psycopg.", "celery.")


@cache
def words() -> set[str]:
    """Each word of the source, this folder aside; what modules and tables are called."""
    tables = {model._meta.db_table for model in apps.get_models()}
    files = [path for folder in FOLDERS for kind in SOURCES for path in (ROOT / folder).rglob(kind)]
    files += [ROOT / name for name in ("Makefile", "pyproject.toml", "bin/start", "manage.py")]
    kept = [path for path in files if "tests/docs" not in str(path)]
    stems = {path.stem for path in kept}
    return tables | stems | {w for path in kept for w in re.findall(r"\w+", path.read_text())}


@cache
def file_names() -> frozenset[str]:
    """What files are called, wherever they stand."""
    below = [path.name for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    return frozenset([*below, *(path.name for path in ROOT.iterdir())])


def test_every_name_that_the_architecture_quotes_stands_in_the_source():
    quoted = [span for span in page("ARCHITECTURE.md").spans if CODE.fullmatch(span)]
    known = file_names()
    ours = [span for span in quoted if not span.startswith(FOREIGN) and span not in known]
    unknown = [span for span in ours if not set(re.findall(r"[A-Za-z_]\w+", span)) <= words()]

    assert unknown == []


@pytest.mark.parametrize("name", NAMING)
def test_every_dotted_name_of_ours_leads_to_a_module(name):
    dotted = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
    gone = [
        span for span in page(name).spans if dotted.fullmatch(span) and not leads_somewhere(span)
    ]

    assert gone == []


def leads_somewhere(dotted: str) -> bool:
    """Whether the name is a module or package, or something that one defines."""
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:count])
        rest = ".".join(parts[count:])
        if place.is_dir() and not rest:
            return True
        module = place.with_suffix(".py") if not place.is_dir() else place / "__init__.py"
        if module.is_file():
            return not rest or rest in symbols(module)
    return False
