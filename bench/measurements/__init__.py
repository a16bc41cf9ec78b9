"""The measurements, a module each; importing them fills the list, in the order of a run."""

from bench.measurements import fleet, members, processes, requests
from bench.registry import MEASUREMENTS

__all__ = ["REGISTERED", "fleet", "members", "processes", "requests"]

REGISTERED = list(MEASUREMENTS)
