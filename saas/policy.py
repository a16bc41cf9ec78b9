"""What our pages may load and use: the Content-Security-Policy (CSP level 3) and its kin."""

from typing import Any

from csp.constants import NONCE, NONE, SELF

# Devices and sensors that no page of ours asks for, nor what it might be made to load.
_UNUSED = (
    "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope",
    "hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip
PERMISSIONS = ", ".join(f"{name}=()" for name in _UNUSED)


def content_security_policy(*, tenants: str) -> dict[str, Any]:
    """Return django-csp's setting. `tenants` is the source of every tenant's host, to which
    forms may lead.
    """
    return {
        "DIRECTIVES": {
            "default-src": [NONE],
            "script-src": [SELF, NONCE],
            "style-src": [SELF, NONCE],
            # Tabler draws its ticks and carets from data URLs.
            "img-src": [SELF, "data:"],
            "font-src": [SELF],
            "connect-src": [SELF],
            "form-action": [SELF, tenants],
            "base-uri": [NONE],
            "frame-ancestors": [NONE],
            "manifest-src": [SELF],
        }
    }
