"""Rate limits of password and code attempts, by which strangers can't lock a user out.

A stranger's wrong passwords count against the client address, then against the account, for all
strangers together. A browser in which the user has signed in has its own budget instead, and a
new password, for which an e-mail is sent, resets the account's counters.
"""

import hashlib

from django.http import HttpRequest

from accounts.access.client_ip import client_network, network_of
from accounts.sign_in.devices import known_device
from tasks import addresses
from tenancy import rate_limits
from tenancy.errors import RateLimitedError
from tenancy.rate_limits import Budget, everywhere, here

Budgets = tuple[Budget, ...]


def spend_guess(request: HttpRequest, email: str) -> Budgets:
    """Count a password before it is checked; return the budgets to refund if it is right.

    Raises `RateLimitedError`. A known browser with a spent budget counts as a stranger's.
    """
    if device := known_device(request, email):
        own = (here("guess_device", device), here("guess_device_day", device))
        try:
            rate_limits.spend(*own)
        except RateLimitedError:
            pass
        else:
            return own
    network, person = client_network(request), addresses.normalise(email)
    # Those that all unknown browsers share, the narrowest first.
    shared = (
        here("guess_here", person, network),
        here("guess_address", network),
        here("guess_person", person),
        here("guess_person_day", person),
    )
    rate_limits.spend(*shared)
    return shared


def reset_person(email: str) -> None:
    """Reset the counters of strangers' wrong passwords: the user has a new password."""
    rate_limits.reset(*budgets_of_person(email))


def budgets_of_person(email: str) -> Budgets:
    """Return the budgets that count against an account, from all clients."""
    person = addresses.normalise(email)
    return (
        here("guess_person", person),
        here("guess_person_day", person),
        here("reset_person", person),
    )


def budgets_of_address(address: str, email: str | None = None) -> Budgets:
    """Return the budgets of a client address: in this tenant, and on the public pages."""
    network = network_of(address)
    public = tuple(everywhere(action, network) for action in ("sign_up", "check", "find"))
    own = (here("guess_address", network), here("reset_address", network))
    if email is None:
        return own + public
    person = addresses.normalise(email)
    pair = (here("guess_here", person, network), here("reset_here", person, network))
    return own + pair + public


def spend_code(person: str, code: str) -> bool:
    """Count an attempt at a user's code; return whether the code had one left.

    allauth keeps its own count in the session, which concurrent requests all read before one of
    them writes. Raises `RateLimitedError` after too many attempts at all of a user's codes
    together.
    """
    digest = hashlib.sha256(code.encode()).hexdigest()
    try:
        rate_limits.spend(here("code", person, digest))
    except RateLimitedError:
        return False
    rate_limits.spend(here("codes", person))
    return True


def spend_reset(request: HttpRequest, email: str) -> bool:
    """Count a request for a password reset; return whether to send an e-mail.

    Raises `RateLimitedError` for a client that asks too often. After requests of other clients
    for the same account, enough valid links were sent: no refusal, and no further e-mail.
    """
    network, person = client_network(request), addresses.normalise(email)
    rate_limits.spend(here("reset_here", person, network), here("reset_address", network))
    try:
        rate_limits.spend(here("reset_person", person))
    except RateLimitedError:
        return False
    return True
