"""The measurements, a module each; importing them fills the list, in the order of a run."""

from bench.measurements import fleet, requests
from bench.registry import MEASUREMENTS

__all__ = ["REGISTERED", "fleet", "requests"]

REGISTERED = list(MEASUREMENTS)
