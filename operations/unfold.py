"""Unfold's settings: the console's colours, scripts and menu."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import conditional_escape
from django.utils.translation import gettext_lazy as _

from operations.panels import operator_links

# The service's own green, in Unfold's shades.
_PINE = {
    "50": "#f0f8f5",
    "100": "#e2f0ea",
    "200": "#c0e2d5",
    "300": "#8fd0b8",
    "400": "#55c7a2",
    "500": "#2a9474",
    "600": "#0b6650",
    "700": "#084d3c",
    "800": "#0a3d31",
    "900": "#0b3229",
    "950": "#04221a",
}
_GREY = {
    "50": "#f3f6f4",
    "100": "#eaefec",
    "200": "#d9e1dd",
    "300": "#c1ccc6",
    "400": "#93a39b",
    "500": "#56665f",
    "600": "#43524b",
    "700": "#2a3832",
    "800": "#17201c",
    "900": "#0e1512",
    "950": "#090e0c",
}
_MENU = (
    (_("Health"), "monitor_heart", "index"),
    (_("Tenants"), "domain", "tenants_tenant_changelist"),
    (_("Domains"), "language", "tenants_domain_changelist"),
    (_("Outbox"), "outbox", "tasks_message_changelist"),
    (_("Operators"), "badge", "accounts_user_changelist"),
    (_("Audit log"), "history", "admin_logentry_changelist"),
)
_ENVIRONMENTS = {"development": "info", "test": "warning"}


def unfold_config(*, product_name: str, environment: str) -> dict[str, Any]:
    """Return the `UNFOLD` setting."""
    shown = _ENVIRONMENTS.get(environment)
    return {
        "SITE_TITLE": product_name,
        "SITE_HEADER": product_name,
        "SITE_SUBHEADER": _("Operators"),
        "SITE_ICON": lambda _request: static("saas/logo.svg"),
        "SITE_FAVICONS": [
            {
                "rel": "icon",
                "type": "image/svg+xml",
                "href": lambda _request: static("saas/logo.svg"),
            }
        ],
        "STYLES": [lambda _request: static("saas/operators.css")],
        "SCRIPTS": [lambda _request: static("saas/operators.js")],
        "SITE_URL": "/",
        "DASHBOARD_CALLBACK": "operations.dashboard.overview",
        "ENVIRONMENT": (lambda _request: [environment, shown]) if shown else None,
        "SHOW_HISTORY": True,
        "SHOW_VIEW_ON_SITE": False,
        # The language chosen here (a cookie) takes precedence over the operator's account.
        "SHOW_LANGUAGES": True,
        "COLORS": {"primary": _PINE, "base": _GREY},
        "COMMAND": {"search_models": ["tenants.tenant", "tenants.domain"], "show_history": False},
        "SIDEBAR": {
            "show_search": False,
            "command_search": True,
            "navigation": menu,
        },
    }


def menu(_request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu's groups: the service's links, and below them those of apps."""
    own = [
        {"title": title, "icon": icon, "link": reverse(f"admin:{name}")}
        for title, icon, name in _MENU
    ]
    added = [
        {
            "title": conditional_escape(each.title),
            "icon": each.icon,
            "link": each.url or reverse(each.url_name),
        }
        for each in operator_links
    ]
    return [{"items": own}, *([{"items": added, "separator": True}] if added else [])]
