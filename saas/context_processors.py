"""The template context that all pages share."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the product's name, the base host, and the tenant where there is one."""
    return {
        "product_name": settings.PRODUCT_NAME,
        "base_origin": settings.BASE_ORIGIN,
        "base_domain": f"{settings.BASE_DOMAIN}{settings.BASE_PORT}",
        "workspace": getattr(request, "workspace", None),
        "support_email": settings.SUPPORT_EMAIL,
        "inbox_url": settings.INBOX_URL,
    }
