"""The database roles: what a transaction may touch, whoever runs it.

Each stands for `<login>_<role>` in the cluster, where the login is the one of DATABASE_URL.
The login itself may read nothing; it may only become one of these.
"""

from enum import StrEnum


class DatabaseRole(StrEnum):
    """Who works: `tenants.privileges` says what each may do."""

    # A tenant's people, in their own schema; of the shared tables their own rows alone.
    TENANT = "tenant"
    # Anybody, before it is clear who: the hosts, and who signs in where.
    VISITOR = "visitor"
    # Opens organisations: the only role of a request that may create a schema.
    SIGNUP = "signup"
    # Runs the service, in the shared tables.
    OPERATOR = "operator"
    # Moves the outbox on, across tenants; a delivery itself works as its tenant.
    RELAY = "relay"
    # Owns the shared tables, and changes everybody's.
    MIGRATOR = "migrator"
