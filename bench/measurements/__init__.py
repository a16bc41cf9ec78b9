"""The measurements, a module each; importing them fills the list, in the order of a run."""

from bench.measurements import (
    burst,
    connections,
    isolation,
    mail,
    members,
    processes,
    requests,
    schema_migrations,
    signin,
    signup,
)
from bench.registry import MEASUREMENTS

__all__ = [
    "REGISTERED",
    "burst",
    "connections",
    "isolation",
    "mail",
    "members",
    "processes",
    "requests",
    "schema_migrations",
    "signin",
    "signup",
]

# The others add tenants to the databases whose number of tenants these report.
FIRST = ("signup", "burst", schema_migrations.NAME)
REGISTERED = [*FIRST, *(name for name in MEASUREMENTS if name not in FIRST)]
