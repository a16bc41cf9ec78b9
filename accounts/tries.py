"""Guesses of passwords and codes: how many there may be, and who is shut out by whom.

Nobody can be: a stranger's wrong passwords are counted against the address that they come
from, then against the person by all strangers together. A browser in which the person has
been signed in stands outside of both, and a new password, for which a letter is sent,
forgives all.
"""

import hashlib

from django.http import HttpRequest

from accounts.clients import client_network, network_of
from accounts.devices import known_device
from accounts.names import normalise_email
from tasks import ratelimits
from tasks.errors import RateLimitedError
from tasks.ratelimits import Budget, everywhere, here

Spent = tuple[Budget, ...]


def spend_guess(request: HttpRequest, email: str) -> Spent:
    """Count a password before it is looked at; return what to give back if it is right.

    Raises `RateLimitedError`. A known browser that has used up its own budget is a stranger.
    """
    if device := known_device(request, email):
        own = (here("guess_device", device), here("guess_device_day", device))
        try:
            ratelimits.spend(*own)
        except RateLimitedError:
            pass
        else:
            return own
    shared = _as_stranger(request, email)
    ratelimits.spend(*shared)
    return shared


def _as_stranger(request: HttpRequest, email: str) -> Spent:
    """Return the budgets of a browser that nobody knows, the narrowest first."""
    network, person = client_network(request), normalise_email(email)
    return (
        here("guess_here", person, network),
        here("guess_address", network),
        here("guess_person", person),
        here("guess_person_day", person),
    )


def forgive_person(email: str) -> None:
    """Let strangers' wrong passwords be forgotten: the person has another one now."""
    ratelimits.forgive(*budgets_of_person(email))


def budgets_of_person(email: str) -> Spent:
    """Return what is counted against a person, whoever has tried."""
    person = normalise_email(email)
    return (
        here("guess_person", person),
        here("guess_person_day", person),
        here("reset_person", person),
    )


def budgets_of_address(address: str, email: str | None = None) -> Spent:
    """Return what is counted against a client address: here, and on the public pages."""
    network = network_of(address)
    public = tuple(everywhere(action, network) for action in ("sign_up", "check", "find"))
    own = (here("guess_address", network), here("reset_address", network))
    if email is None:
        return own + public
    person = normalise_email(email)
    pair = (here("guess_here", person, network), here("reset_here", person, network))
    return own + pair + public


def spend_code(person: str, code: str) -> bool:
    """Count a try at a person's code; return whether this code has one left.

    allauth keeps its own count in the session, which requests at the same time all read
    before any of them writes. Raises `RateLimitedError` when all of a person's codes
    together were tried too often.
    """
    digest = hashlib.sha256(code.encode()).hexdigest()
    try:
        ratelimits.spend(here("code", person, digest))
    except RateLimitedError:
        return False
    ratelimits.spend(here("codes", person))
    return True


def spend_reset(request: HttpRequest, email: str) -> bool:
    """Count a question for a new password, and return whether to send a letter.

    Raises `RateLimitedError` for who asks too often. Where others have asked for the same
    person, enough links that work have been sent: nobody is refused, and no more are.
    """
    network, person = client_network(request), normalise_email(email)
    ratelimits.spend(here("reset_here", person, network), here("reset_address", network))
    try:
        ratelimits.spend(here("reset_person", person))
    except RateLimitedError:
        return False
    return True
