"""The nodes of a module, and what a name stands for: `c` after `import connection as c`."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

Known = dict[str, str]

OUR_BASES = {
    "tenancy.task_base.TenantTask",
    "tenancy.task_base.PublicTask",
    "tasks.deliveries.Delivery",
}


def imported(tree: ast.Module, package: str) -> Known:
    """Return each imported name with the dotted path it stands for, wherever it is imported."""
    known: Known = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    known[bound] = alias.name if alias.asname else bound
            case ast.ImportFrom():
                above = package.split(".")
                above = above[: len(above) - node.level + 1] if node.level else []
                module = ".".join([*above, *filter(None, [node.module])])
                for alias in node.names:
                    known[alias.asname or alias.name] = f"{module}.{alias.name}"
    return known


def dotted(node: ast.AST, known: Known) -> str:
    """Return the dotted path of an expression; of a call, what is called; of an item, its owner."""
    match node:
        case ast.Name():
            return known.get(node.id, node.id)
        case ast.Attribute():
            return f"{dotted(node.value, known)}.{node.attr}"
        case ast.Call():
            return dotted(node.func, known)
        case ast.Subscript():
            return f"{dotted(node.value, known)}[]"
        case _:
            return ""


@dataclass(frozen=True)
class Place:
    """A node, what is around it, and what the names in its module stand for."""

    node: ast.AST
    parents: tuple[ast.AST, ...]
    known: Known

    def name(self, node: ast.AST) -> str:
        return dotted(node, self.known)

    @property
    def inside(self) -> str:
        named = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        return ".".join(parent.name for parent in self.parents if isinstance(parent, named))


def places(tree: ast.Module, known: Known) -> Iterator[Place]:
    waiting: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(tree, ())]
    while waiting:
        node, parents = waiting.pop()
        yield Place(node, parents, known)
        waiting += [(child, (*parents, node)) for child in ast.iter_child_nodes(node)]


def own_tasks(tree: ast.Module, package: str) -> Known:
    """The bases of tasks that a module makes itself, from ours."""
    known = imported(tree, package)
    return {
        node.name: "tenancy.task_base.TenantTask"
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and {dotted(b, known) for b in node.bases} & OUR_BASES
    }
