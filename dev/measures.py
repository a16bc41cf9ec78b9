"""`python -m dev.measures`: how the code reads, in figures that compare one day with another.

The functions on the stack of a sign-up are counted by `tests/flows/test_sign_up_path.py`.
"""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from dev.paths import PACKAGES, ROOT

LONGEST = 40
PERSONS = re.compile(r"\b(whoever|whatever|somebody|nobody|everybody|anybody)\b", re.IGNORECASE)
WHO = re.compile(r"\b(who|whom|whose)\b", re.IGNORECASE)
WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")


def main() -> None:
    sources = {path: path.read_text() for path in modules(ROOT)}
    trees = {path: ast.parse(text) for path, text in sources.items()}
    functions = [(path, node) for path, tree in trees.items() for node in _functions(tree)]
    once = list(referenced_once(trees))
    long = [node.name for _path, node in functions if _length(node) > LONGEST]
    said = [text for path in sources for text in prose(sources[path], trees[path])]
    words = sum(len(WORD.findall(text)) for text in said)
    print(f"modules                           {len(sources):6}")
    print(f"lines                             {sum(t.count(chr(10)) for t in sources.values()):6}")
    print(f"functions                         {len(functions):6}")
    print(f"functions of over {LONGEST} lines         {len(long):6}  {', '.join(long)}")
    print(f"referenced once, in their module  {len(once) / len(functions):6.1%}  ({len(once)})")
    print(f"words in comments and docstrings  {words:6}")
    for name, pattern in (("persons", PERSONS), ("who, whom, whose", WHO)):
        count = sum(len(pattern.findall(text)) for text in said)
        print(f"{name:32}  {1000 * count / words:6.2f}  in 1,000 words ({count})")


def modules(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def referenced_once(trees: dict[Path, ast.Module]) -> Iterator[str]:
    """Name the functions that one place refers to, which stands in the same module.

    Not the place within the function itself: an override that calls `super()` is called from
    outside, by its framework.
    """
    uses: Counter[str] = Counter()
    places: dict[str, set[Path]] = {}
    for path, tree in trees.items():
        for name in _names(tree):
            uses[name] += 1
            places.setdefault(name, set()).add(path)
    for path, tree in trees.items():
        for node in _functions(tree):
            is_once = uses[node.name] == 1 and places[node.name] == {path}
            if is_once and not node.decorator_list and node.name not in set(_names(node)):
                yield f"{path.relative_to(ROOT)}:{node.name}"


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name
            case ast.Constant(value=str(text)) if text.isidentifier():
                yield text


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _length(node: ast.FunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def prose(source: str, tree: ast.Module) -> Iterator[str]:
    """Yield the docstrings and comments of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield ast.get_docstring(node) or ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


if __name__ == "__main__":
    main()
