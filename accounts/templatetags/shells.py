"""Template tags of the pages' shells: navigation, panels, what a user may do."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.template.context import Context
from django.template.loader import render_to_string

from accounts.access.decorators import is_verified
from accounts.access.permissions import has_permission
from accounts.console.navigation import Link, shown_links

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: Context, name: str) -> list[tuple[Link, bool]]:
    """Return a navigation's links for the signed-in user, and which of them is current."""
    request = context["request"]
    return [(link, link.is_current(request)) for link in shown_links(name, request.user)]


@register.filter
def may(user: Any, permission: str) -> bool:
    """Whether the signed-in user holds a permission."""
    return bool(user.is_authenticated and has_permission(user, permission))


@register.simple_tag(takes_context=True)
def awaits_code(context: Context) -> bool:
    """Whether the signed-in user has yet to confirm their address."""
    user = getattr(context.get("request"), "user", None)
    return user is not None and user.is_authenticated and not is_verified(user)


@register.simple_tag(takes_context=True)
def panel(context: Context, declared: Any, content: Mapping[str, Any]) -> str:
    """Render a panel of the console's first page with its own context."""
    return render_to_string(declared.template, dict(content), context["request"])
