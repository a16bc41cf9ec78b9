"""Rate limits of actions that cost the service or other people something.

Each is "how many / in what time", in the notation of its parser: the `limits` library for the
service's own, allauth for the rest. Development and tests have wide limits, so that one machine
can act for many people.

A limit that a visitor can use up must not shut out other people: each names the key that it
counts by, and a narrow limit is always checked before a wide one.
"""


def service_limits(*, is_wide: bool) -> dict[str, str]:
    """Return the limits that `tenancy.rate_limits` counts."""
    return {
        "sign_up": "1000/hour" if is_wide else "10/hour",
        "check": "3000/minute" if is_wide else "60/minute",
        "find": "1000/hour" if is_wide else "10/hour",
        "invite": "1000/hour" if is_wide else "100/hour",
        # Each picture has to be decoded.
        "picture_person": "1000/hour" if is_wide else "20/hour",
        "picture_tenant": "3000/hour" if is_wide else "60/hour",
        # The same e-mail again: repeated clicks send one.
        "resend": "1/minute",
        **_guess_limits(is_wide=is_wide),
        **_mail_limits(is_wide=is_wide),
    }


def _guess_limits(*, is_wide: bool) -> dict[str, str]:
    """Return the limits of wrong passwords and codes, each within one tenant.

    A browser that has been signed in has a budget of its own (OWASP, "device cookies"):
    attempts from other browsers don't shut it out.
    """
    return {
        "guess_device": "100/10 minute" if is_wide else "10/10 minute",
        "guess_device_day": "1000/day" if is_wide else "50/day",
        "guess_here": "100/5 minute" if is_wide else "5/5 minute",
        "guess_address": "1000/10 minute" if is_wide else "30/10 minute",
        # All unknown browsers together, from any IP address (OWASP ASVS 6.3.1).
        "guess_person": "1000/hour" if is_wide else "20/hour",
        "guess_person_day": "1000/day" if is_wide else "100/day",
        # As many attempts as allauth grants a code, but counted over concurrent requests.
        "code": "3/hour",
        "codes": "100/hour" if is_wide else "20/hour",
        "reset_here": "60/minute" if is_wide else "5/minute",
        "reset_address": "300/minute" if is_wide else "20/minute",
        # Above these nothing more is sent: as many valid links are on their way.
        "reset_person": "60/hour" if is_wide else "5/hour",
    }


def _mail_limits(*, is_wide: bool) -> dict[str, str]:
    """Return how many e-mails a recipient gets: from one tenant, and from all of them.

    What a confirmed member's own account sends is counted for that tenant alone, so no other
    tenant can use it up.
    """
    return {
        "mail_member": "1000/hour" if is_wide else "20/hour",
        "mail_newcomer": "1000/hour" if is_wide else "6/hour",
        "mail_newcomer_all": "1000/hour" if is_wide else "30/hour",
        "mail_invitation": "1000/hour" if is_wide else "4/hour",
        "mail_invitation_all": "1000/hour" if is_wide else "20/hour",
        "mail_stranger": "1000/hour" if is_wide else "3/hour",
        "mail_stranger_all": "1000/hour" if is_wide else "10/hour",
    }


def unverified_limits(*, is_wide: bool) -> tuple[int, int, int]:
    """Return how many workspaces may be unconfirmed: of one address from one network, of one
    address from any network, and of one network.
    """
    return (1000, 10_000, 10_000) if is_wide else (3, 30, 20)


def sign_in_limits(*, is_wide: bool) -> dict[str, str]:
    """Return the limits that allauth counts, by IP address, user or key, within one tenant.

    Empty ones are counted above: allauth's would let a visitor shut a member out.
    """
    return {
        "login": "",
        "login_failed": "",
        "reset_password": "",
        "reset_password_from_key": "300/m/ip" if is_wide else "20/m/ip",
        "change_password": "60/m/user" if is_wide else "5/m/user",
        # Each change sends a code to an address that may belong to another person.
        "manage_email": "60/m/user" if is_wide else "5/h/user",
        "reauthenticate": "60/m/user" if is_wide else "10/m/user",
        "confirm_email": "30/m/key" if is_wide else "1/10s/key",
    }


def pictures_at_once(*, threads: int, pool: int) -> int:
    """Return how many uploads of pictures a process works on; its other threads serve pages.

    Each has a thread and a connection; with a `pool` of 0, every thread has one of its own.
    """
    return max(1, min(threads, pool or threads) // 2)
