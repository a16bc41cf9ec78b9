"""The guards for Python: each looks at one node of a module's tree."""

import ast
import re
from collections.abc import Callable, Iterator

from dev.guards.findings import Finding
from dev.guards.places import OUR_BASES, Place, imported, own_tasks, places

# What fires by its dotted name alone, wherever it is called, passed on or subclassed.
BANNED = {
    "raw-query": r"psycopg2?\.(\w*[Cc]onnection|connect)|psycopg_pool\.\w+"
    r"|django\.db\.models\.expressions\.RawSQL|django\.db\.models\.RawSQL"
    r"|django\.db\.migrations\.(operations\.)?RunSQL|django\.db\.connection\.connection",
    "cache-key": r"django_redis\.get_redis_connection"
    r"|(redis|valkey)\.((client|asyncio)\.)?((Strict)?(Redis|Valkey)(Cluster)?|from_url"
    r"|ConnectionPool)(\.from_url)?"
    r"|limits\.storage\.storage_from_string|django\.core\.cache\.caches\.create_connection"
    r"|django\.core\.cache\.backends\.\w+\.\w+Cache|django\.core\.cache\.cache\.client",
    "process-memory": r"functools\.(lru_)?cache",
    "task-base": r"celery\.(app\.task\.)?Task",
}
COMPILED = {rule: re.compile(pattern) for rule, pattern in BANNED.items()}

COOKIE_DOMAIN = re.compile(r"(SESSION|CSRF|LANGUAGE)_COOKIE_DOMAIN")
SEARCH_PATH = re.compile(
    r"\bset\s+((local|session)\s+)?search_path\b|set_config\('search_path'", re.IGNORECASE
)
SWITCHES = {"set_tenant", "set_schema", "set_schema_to_public"}
CONTEXTS = re.compile(r"(.*\.)?(public|workspace|schema|tenant)_context")

Guard = Callable[["Place"], bool]
GUARDS: list[tuple[str, Guard]] = []


def guard(rule: str) -> Callable[[Guard], Guard]:
    """Add a function that says whether the rule fires at a place."""

    def add(fires: Guard) -> Guard:
        GUARDS.append((rule, fires))
        return fires

    return add


def findings(path: str, text: str) -> Iterator[Finding]:
    """Each place of a module that a rule refuses."""
    tree = ast.parse(text, path)
    package = path.rpartition("/")[0].replace("/", ".")
    known = imported(tree, package) | own_tasks(tree, package)
    seen = set()
    for place in places(tree, known):
        for rule, fires in GUARDS:
            if fires(place):
                seen.add(Finding(path, getattr(place.node, "lineno", 1), rule, place.inside))
    yield from seen


# --- The guards ---


def banned(rule: str) -> Callable[[Place], bool]:
    """Fires on a use of a name that the rule lists, and not on its import."""

    def fires(place: Place) -> bool:
        if not isinstance(place.node, ast.Name | ast.Attribute):
            return False
        return bool(COMPILED[rule].fullmatch(place.name(place.node)))

    return fires


GUARDS += ((rule, banned(rule)) for rule in BANNED)


@guard("raw-query")
def raw_query(place: Place) -> bool:
    """`connection.cursor()`, under any name of the connection; `.raw()`, `.extra()`."""
    match place.node:
        case ast.Call(func=ast.Attribute(attr="raw" | "extra")):
            return True
        case ast.Call(func=ast.Attribute(attr="cursor", value=owner), args=arguments):
            return not arguments or "connection" in place.name(owner)
        case _:
            return False


@guard("context-switch")
def context_switch(place: Place) -> bool:
    match place.node:
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in SWITCHES
        case ast.Assign(targets=[ast.Attribute(attr="tenant" | "schema_name", value=owner)]):
            return place.name(owner).startswith("django.db.connection")
        case ast.Constant(value=str(text)):
            return bool(SEARCH_PATH.search(text)) and not isinstance(place.parents[-1], ast.Expr)
        case _:
            return False


@guard("context-form")
def context_form(place: Place) -> bool:
    """`with tenant:`, a decorator, and a context that is opened outside any function."""
    match place.node:
        case ast.With(items=items):
            opened = [item.context_expr for item in items]
            in_function = any(isinstance(parent, ast.FunctionDef) for parent in place.parents)
            return any(_is_a_tenant(node) for node in opened) or (
                not in_function and any(_is_context(place, node) for node in opened)
            )
        case ast.FunctionDef() | ast.ClassDef():
            return any(_is_context(place, node) for node in place.node.decorator_list)
        case ast.Assign(value=ast.Call() as call):
            return _is_context(place, call)
        case _:
            return False


@guard("cache-key")
def cache_key(place: Place) -> bool:
    """`caches["other"]`, and a cache with a key function of its own."""
    match place.node:
        case ast.Subscript(value=owner, slice=name):
            is_default = isinstance(name, ast.Constant) and name.value == "default"
            return place.name(owner) == "django.core.cache.caches" and not is_default
        case ast.Dict(keys=keys, values=values):
            given = dict(zip(map(_text, keys), map(_text, values), strict=True))
            is_cache = "cache" in given.get("BACKEND", "").lower() or "KEY_FUNCTION" in given
            return is_cache and given.get("KEY_FUNCTION") != "tenancy.context.cache_key"
        case _:
            return False


@guard("cookie-domain")
def cookie_domain(place: Place) -> bool:
    match place.node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)):
            return bool(COOKIE_DOMAIN.fullmatch(name))
        case ast.keyword(arg=str(name)) if COOKIE_DOMAIN.fullmatch(name):
            return True
        case ast.Call(func=ast.Attribute(attr="set_cookie" | "set_signed_cookie"), keywords=given):
            return any(keyword.arg == "domain" for keyword in given)
        case _:
            return False


@guard("async")
def asynchronous(place: Place) -> bool:
    return isinstance(place.node, ast.AsyncFunctionDef)


@guard("unescaped")
def unescaped(place: Place) -> bool:
    """`format_html` with a format that isn't written there, and a class that vouches for itself."""
    match place.node:
        case ast.Call(func=called, args=[first, *_]):
            is_format = place.name(called) == "django.utils.html.format_html"
            return is_format and not isinstance(first, ast.Constant)
        case ast.FunctionDef(name="__html__"):
            return True
        case _:
            return False


@guard("task-base")
def task_base(place: Place) -> bool:
    """`@shared_task` and `@app.task`, without one of our bases."""
    match place.node:
        case ast.FunctionDef(decorator_list=decorators):
            return any(
                _is_task_maker(place, node) for node in decorators if not isinstance(node, ast.Call)
            )
        case ast.Call(func=called, keywords=given) if _is_task_maker(place, called):
            bases = {place.name(keyword.value) for keyword in given if keyword.arg == "base"}
            return not bases or not bases <= OUR_BASES
        case _:
            return False


@guard("late-task")
def late_task(place: Place) -> bool:
    """What Celery offers for it."""
    match place.node:
        case ast.Attribute(attr="delay_on_commit" | "apply_async_on_commit"):
            return True
        case _:
            return False


@guard("script-name")
def script_name(place: Place) -> bool:
    """`request.path`, and what Django builds from it."""
    match place.node:
        case ast.Attribute(
            attr="path", value=ast.Name(id="request") | ast.Attribute(attr="request")
        ):
            return True
        case ast.Attribute(attr="get_full_path" | "build_absolute_uri"):
            return True
        case _:
            return False


@guard("on-commit")
def on_commit(place: Place) -> bool:
    """A partial, a callback that may stop those behind it, a lambda that reads the context late."""
    match place.node:
        case ast.Call(func=called, args=[callback, *_], keywords=given):
            if place.name(called).rpartition(".")[2] != "on_commit":
                return False
            robust = [k.value for k in given if k.arg == "robust"]
            is_robust = [getattr(value, "value", None) for value in robust] == [True]
            return not is_robust or _is_late(place, callback)
        case _:
            return False


def _is_late(place: Place, callback: ast.expr) -> bool:
    if not isinstance(callback, ast.Lambda):
        return place.name(callback) == "functools.partial"
    used = {place.name(node) for node in ast.walk(callback.body)}
    return bool(used & {"tenancy.context.current_schema", "tenancy.context.current_workspace"}) or (
        any(name.startswith("django.db.connection.") for name in used)
    )


# --- What the guards ask ---


def _is_a_tenant(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in {"tenant", "workspace"} or name.endswith(("_tenant", "_workspace"))


def _is_context(place: Place, node: ast.expr) -> bool:
    return bool(CONTEXTS.fullmatch(place.name(node)))


def _is_task_maker(place: Place, node: ast.expr) -> bool:
    name = place.name(node)
    return name == "celery.shared_task" or name.endswith(("app.task", "celery.task"))


def _text(node: ast.expr | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""
