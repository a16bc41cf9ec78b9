"""The project's pages, as the tests read them: links, code spans, fenced blocks, headings."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(```+|~~~+).*?^\1\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
# `path:symbol`, the only way in which a page points into code: line numbers move.
SYMBOL = re.compile(r"([\w./-]+\.(?:py|html|txt|toml|css|js|sh)):([A-Za-z_][\w.]*)")


@dataclass(frozen=True)
class Page:
    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The page without its fenced blocks."""
        return FENCE.sub("", self.text)

    @property
    def fences(self) -> str:
        """What stands in fenced blocks: what readers copy into a terminal."""
        return "\n".join(match[0] for match in FENCE.finditer(self.text))

    @property
    def links(self) -> list[tuple[str, str]]:
        """Each link's words and where it leads."""
        return [(match[1], match[2]) for match in LINK.finditer(self.prose)]

    @property
    def spans(self) -> list[str]:
        return SPAN.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """What can stand behind a `#`, as GitHub makes it of headings."""
        return {_slug(heading) for heading in HEADING.findall(self.prose)}


def _slug(heading: str) -> str:
    plain = LINK.sub(r"\1", heading).replace("`", "").lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


@cache
def pages() -> list[Page]:
    """Every page that a reader may open, from the root and below docs."""
    return [Page(path) for path in (*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")))]


def page(name: str) -> Page:
    return Page(ROOT / name)


@cache
def symbols(path: Path) -> frozenset[str]:
    """What a file defines, `Class.method` among it; of other than Python, each of its words."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return frozenset(re.findall(r"[A-Za-z_]\w*", text))
    return frozenset(_defined(ast.parse(text).body))


def _defined(body: list[ast.stmt], prefix: str = "") -> list[str]:
    found = []
    for node in body:
        match node:
            case ast.ClassDef(name=name, body=inner):
                found += [prefix + name, *_defined(inner, f"{prefix}{name}.")]
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.append(prefix + name)
            case ast.Assign(targets=targets):
                found += [prefix + n.id for t in targets for n in ast.walk(t) if _is_name(n)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.append(prefix + name)
            case ast.If(body=inner, orelse=other):
                found += _defined([*inner, *other], prefix)
    return found


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)
