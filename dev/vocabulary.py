"""`python -m dev.vocabulary`: refuse retired names, persons, and one name of two things."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dev.measures import PERSONS, WORD, modules, prose
from dev.paths import ROOT

LIST = ROOT / "dev" / "vocabulary.toml"
# In 1,000 words of comments and docstrings.
MOST_PERSONS = 1.0
# Django finds each of these by its name.
EVERYWHERE = {"Command", "Migration"}


def main() -> int:
    complaints = list(complaints_about(ROOT, tomllib.loads(LIST.read_text())))
    print("\n".join(complaints) or "No retired word is used.")
    return 1 if complaints else 0


def complaints_about(root: Path, listed: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for each retired word, each name of two things, and frequent persons."""
    texts = {path: path.read_text() for path in modules(root)}
    for path, text in texts.items():
        name = path.relative_to(root).as_posix()
        for word, instead in _retired(name, text, listed):
            yield f"{name}: {word!r} is retired. Write {instead}."
    yield from _classes_of_one_name(root, texts)
    yield from _modules_of_one_name(root, texts, listed.get("module_names", {}))
    yield from _persons(texts)


def _retired(name: str, text: str, retired: dict[str, Any]) -> Iterator[tuple[str, str]]:
    parts = set(re.split(r"[/.]", name))
    tree = ast.parse(text)
    # What a node defines, imports or reads.
    attributes = ("id", "attr", "name", "arg")
    names = {getattr(node, each, None) for node in ast.walk(tree) for each in attributes}
    said = " ".join(" ".join(each.split()) for each in prose(text, tree)).lower()
    yield from ((word, new) for word, new in retired["modules"].items() if word in parts)
    yield from ((word, new) for word, new in retired["identifiers"].items() if word in names)
    yield from ((word, new) for word, new in retired["phrases"].items() if word in said)


def _classes_of_one_name(root: Path, texts: dict[Path, str]) -> Iterator[str]:
    places: dict[str, list[str]] = {}
    for path, text in texts.items():
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef) and node.name not in EVERYWHERE:
                places.setdefault(node.name, []).append(path.relative_to(root).as_posix())
    for name, found in places.items():
        if len(found) > 1:
            yield f"The class {name} stands in {' and '.join(found)}: give one another name."


def _modules_of_one_name(
    root: Path, paths: Iterable[Path], listed: dict[str, Any]
) -> Iterator[str]:
    """Yield a sentence for each name of two modules that isn't one of a capability's parts."""
    places: dict[str, list[str]] = {}
    for path in paths:
        if path.stem != "__init__" and path.parent.name != "commands":
            places.setdefault(path.stem, []).append(path.relative_to(root).as_posix())
    repeated = {name: found for name, found in places.items() if len(found) > 1}
    excepted = set(listed.get("excepted", ()))
    for name in sorted(repeated.keys() - excepted - set(listed.get("parts", ()))):
        found = " and ".join(sorted(repeated[name]))
        yield f"The module {name} stands in {found}: say by its name what each holds."
    for name in sorted(excepted - repeated.keys()):
        yield f"The module {name} is excepted in {LIST.name}, and stands once: take it out."


def _persons(texts: dict[Path, str]) -> Iterator[str]:
    said = [each for text in texts.values() for each in prose(text, ast.parse(text))]
    words = sum(len(WORD.findall(each)) for each in said)
    persons = [found for each in said for found in PERSONS.findall(each)]
    if words and 1000 * len(persons) / words > MOST_PERSONS:
        yield (
            f"Comments and docstrings say {', '.join(sorted({each.lower() for each in persons}))} "
            f"{len(persons)} times in {words} words: name the process, row or caller."
        )


if __name__ == "__main__":
    sys.exit(main())
