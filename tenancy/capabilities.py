"""An app's capabilities: packages inside it, whose modules the app gathers."""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.urls import URLPattern


def import_modules(app: str, capabilities: Iterable[str], module: str) -> list[ModuleType]:
    """Import the module of this name from each capability that has one, in their order."""
    names = (f"{app}.{capability}.{module}" for capability in capabilities)
    return [import_module(name) for name in names if find_spec(name)]


def gather_pages(app: str, capabilities: Iterable[str], place: str) -> list[URLPattern]:
    """Return the URL patterns that the capabilities' `urls` modules list under a place's name."""
    modules = import_modules(app, capabilities, "urls")
    return [page for module in modules for page in getattr(module, place, [])]
