"""How often anybody may do what costs us or others something.

Each is "how many / in what time", in the notation of its reader: the `limits` library for the
service's own, allauth for what is left to it. Development and tests have wide ones, so that
one machine can play many people.

What a stranger can use up is counted so that nobody else is shut out by it: a limit names
whose tries it counts, and a narrow one always stands before a wide one.
"""


def service_limits(*, is_wide: bool) -> dict[str, str]:
    """Return the limits that `tasks.ratelimits` counts."""
    return {
        "sign_up": "1000/hour" if is_wide else "10/hour",
        "check": "3000/minute" if is_wide else "60/minute",
        "find": "1000/hour" if is_wide else "10/hour",
        "invite": "1000/hour" if is_wide else "100/hour",
        # Each costs a decoder's time.
        "picture_person": "1000/hour" if is_wide else "20/hour",
        "picture_tenant": "3000/hour" if is_wide else "60/hour",
        # The same letter once more: whoever presses twice, or waits impatiently, sends one.
        "resend": "1/minute",
        **_guess_limits(is_wide=is_wide),
        **_mail_limits(is_wide=is_wide),
    }


def _guess_limits(*, is_wide: bool) -> dict[str, str]:
    """Return how many wrong passwords and codes there may be, each within one tenant.

    A browser that has been signed in has a budget of its own, beside all the others (OWASP,
    "device cookies"): it is not shut out by what strangers try elsewhere.
    """
    return {
        "guess_device": "100/10 minute" if is_wide else "10/10 minute",
        "guess_device_day": "1000/day" if is_wide else "50/day",
        "guess_here": "100/5 minute" if is_wide else "5/5 minute",
        "guess_address": "1000/10 minute" if is_wide else "30/10 minute",
        # All strangers together, whatever addresses they come from (OWASP ASVS 6.3.1).
        "guess_person": "1000/hour" if is_wide else "20/hour",
        "guess_person_day": "1000/day" if is_wide else "100/day",
        # As many tries as allauth grants a code, but counted for all requests at once.
        "code": "3/hour",
        "codes": "100/hour" if is_wide else "20/hour",
        "reset_here": "60/minute" if is_wide else "5/minute",
        "reset_address": "300/minute" if is_wide else "20/minute",
        # Past these nothing more is sent: so many links that work are on their way.
        "reset_person": "60/hour" if is_wide else "5/hour",
    }


def _mail_limits(*, is_wide: bool) -> dict[str, str]:
    """Return how many letters somebody gets: from one tenant, and from all of them.

    What a confirmed member's own account sends is counted for that tenant alone, so no other
    one can use it up.
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
    """Return how many workspaces may wait to be confirmed: of one address from one network, of
    one address from anywhere, and of one network.
    """
    return (1000, 10_000, 10_000) if is_wide else (3, 30, 20)


def sign_in_limits(*, is_wide: bool) -> dict[str, str]:
    """Return the limits that allauth counts, by address or person, within one tenant.

    Those that are empty are counted above: allauth's would let a stranger shut somebody out.
    """
    return {
        "login": "",
        "login_failed": "",
        "reset_password": "",
        "reset_password_from_key": "300/m/ip" if is_wide else "20/m/ip",
        "change_password": "60/m/user" if is_wide else "5/m/user",
        # Each change sends a code to an address that may be a stranger's.
        "manage_email": "60/m/user" if is_wide else "5/h/user",
        "reauthenticate": "60/m/user" if is_wide else "10/m/user",
        "confirm_email": "30/m/key" if is_wide else "1/10s/key",
    }
