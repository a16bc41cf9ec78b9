"""What apps add to the operators' console: panels of its first page, links of its menu."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from django.http import HttpRequest

from tenancy.registry import Registry

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class OperatorPanel:
    """A panel of the operators' first page, below the service's own figures.

    `context` returns what the template shows; the panel is left out when it returns None. Both
    run in public as the operators' database role: they may read the shared tables, and those of
    the operators themselves, but nothing in a tenant's schema. Together they may run `max_queries`
    queries: outside production the page refuses more. When a panel raises an error, the page
    says so in its place.
    """

    name: str
    template: str
    context: Callable[[HttpRequest], Mapping[str, Any] | None]
    max_queries: int
    position: int = 100
    width: Literal["full", "half"] = "full"


@dataclass(frozen=True)
class OperatorLink:
    """A link of the operators' menu, below the service's own.

    It leads to `url_name`, a page of the base host such as "admin:notes_banner_changelist", or
    else to `url`. `icon` is the name of a Material symbol, such as "inventory".
    """

    name: str
    title: "StrOrPromise"
    icon: str
    url_name: str = ""
    url: str = ""
    position: int = 100


operator_panels: Registry[OperatorPanel] = Registry("operators' panel")
operator_links: Registry[OperatorLink] = Registry("operators' link")
