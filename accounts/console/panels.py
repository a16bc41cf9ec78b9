"""The panels of the console's first page, as apps declare them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from accounts.access.requests import MemberRequest
from tenancy.registry import Registry


@dataclass(frozen=True)
class Panel:
    """A part of the first page: a template, and the function that returns its context.

    The panel is left out when `context` returns None. `max_queries` is how many queries the
    context and the template may run; the tests hold it, and development's page refuses more.
    """

    name: str
    template: str
    context: Callable[[MemberRequest], Mapping[str, Any] | None]
    max_queries: int
    position: int = 100
    width: Literal["full", "half"] = "full"


panels: Registry[Panel] = Registry("dashboard panel")
