"""The measurements, a module each; importing them fills the list, in the order of a run."""

from bench.measurements import (
    burst,
    fleet,
    mail,
    members,
    memory,
    processes,
    requests,
    signin,
    signup,
    walk,
)
from bench.registry import MEASUREMENTS

__all__ = [
    "REGISTERED",
    "burst",
    "fleet",
    "mail",
    "members",
    "memory",
    "processes",
    "requests",
    "signin",
    "signup",
    "walk",
]

REGISTERED = list(MEASUREMENTS)
