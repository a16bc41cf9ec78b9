"""What pages may load and use: Content-Security-Policy (CSP level 3), Permissions-Policy."""

from typing import Any

from csp.constants import NONCE, NONE, SELF

# Browser features that no page uses, and that injected content may not use.
_UNUSED = (
    "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope",
    "hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip
PERMISSIONS = ", ".join(f"{name}=()" for name in _UNUSED)


def content_security_policy(*, tenants: str) -> dict[str, Any]:
    """Return django-csp's setting. Forms may lead to `tenants`, the source of tenants' hosts."""
    return {
        "DIRECTIVES": {
            "default-src": [NONE],
            "script-src": [SELF, NONCE],
            "style-src": [SELF, NONCE],
            # Tabler's ticks and carets are data URLs.
            "img-src": [SELF, "data:"],
            "font-src": [SELF],
            "connect-src": [SELF],
            "form-action": [SELF, tenants],
            "base-uri": [NONE],
            "frame-ancestors": [NONE],
            "manifest-src": [SELF],
        }
    }
