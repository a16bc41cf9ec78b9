"""The product on top of the service: its apps, templates and settings."""

import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

# Settings of the service that a product may change: none of them keeps a promise.
CHANGEABLE = {"PRODUCT_NAME", "TERMS_VERSION", "INVITATION_DAYS", "PHONENUMBER_DEFAULT_REGION"}


def product_apps(folder: Path) -> list[str]:
    """Return the apps below the product's folder: each folder with an `apps.py`."""
    return sorted(f"{folder.name}.{path.parent.name}" for path in folder.glob("*/apps.py"))


def template_folders(root: Path) -> list[Path]:
    """Return the folders of templates in their order: the product's replace all others'."""
    capabilities = [
        folder
        for app in ("tenants", "accounts")
        for folder in sorted((root / app).glob("*/templates"))
    ]
    return [*sorted(root.glob("product/*/templates")), root / "saas" / "templates", *capabilities]


def product_settings(file: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the product's file; none without a file.

    Raises `ImproperlyConfigured` for one that the service has, unless it is `CHANGEABLE`.
    """
    if not file.is_file():
        return {}
    found = {name: value for name, value in runpy.run_path(str(file)).items() if name.isupper()}
    if refused := sorted(name for name in found if name in known and name not in CHANGEABLE):
        raise ImproperlyConfigured(
            f"product/settings.py changes {', '.join(refused)}, which the service relies on. "
            f"A product may add settings, and change {', '.join(sorted(CHANGEABLE))}."
        )
    return found
