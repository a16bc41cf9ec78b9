"""How often anybody may do what costs us or others something.

Each is "how many / in what time", in the notation of its reader: the `limits` library for the
service's own, allauth for the sign-in's. Development and tests have wide ones, so that one
machine can play many people.
"""


def service_limits(*, is_wide: bool) -> dict[str, str]:
    """Return the limits that `tasks.ratelimits` counts."""
    return {
        "sign_up": "1000/hour" if is_wide else "10/hour",
        "check": "3000/minute" if is_wide else "60/minute",
        "find": "1000/hour" if is_wide else "10/hour",
        "invite": "1000/hour" if is_wide else "100/hour",
        # The same letter once more: whoever presses twice, or waits impatiently, sends one.
        "resend": "1/minute",
        # Letters to one address, counted across all tenants.
        "recipient": "1000/hour" if is_wide else "20/hour",
        # Those among them that anybody can have sent to any address.
        "stranger": "1000/hour" if is_wide else "5/hour",
    }


def sign_in_limits(*, is_wide: bool) -> dict[str, str]:
    """Return the limits that allauth counts, by address, person or what was typed."""
    return {
        "login": "300/m/ip" if is_wide else "30/m/ip",
        "login_failed": "100/m/ip,50/5m/key" if is_wide else "10/m/ip,5/5m/key",
        "reset_password": "300/m/ip,60/m/key" if is_wide else "20/m/ip,5/m/key",
        "reset_password_from_key": "300/m/ip" if is_wide else "20/m/ip",
        "change_password": "60/m/user" if is_wide else "5/m/user",
        # Each change sends a code to an address that may be a stranger's.
        "manage_email": "60/m/user" if is_wide else "5/h/user",
        "reauthenticate": "60/m/user" if is_wide else "10/m/user",
        "confirm_email": "30/m/key" if is_wide else "1/10s/key",
    }
