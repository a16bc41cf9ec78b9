"""The goals of docs/performance.md: which figure of which measurement shows each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A row of the page: a subject's median in one row of a measurement, beside its peer's."""

    label: str
    size: str
    measurement: str
    # How the result's `at` begins, and its whole `note`.
    at: str
    note: str
    subject: str
    peer: str = ""


GOALS = (
    Goal(
        "A sign-up's transaction, a schema ready, doesn't grow with 3,000 tenants",
        "full",
        "signup",
        "the transaction, a schema ready",
        "",
        "3,000 tenants",
        "10 tenants",
    ),
    Goal(
        "A sign-up of 100 at once, from the pool: processor time without the hash",
        "usual",
        "burst",
        "100 at once, all from the pool",
        "processor time of each, without the hash",
        "in all",
    ),
    Goal(
        "One tenant more, of 100",
        "usual",
        "schema_migrations",
        "one tenant more, 100 in all",
        "time",
        "ours",
        "stock",
    ),
    Goal(
        "Migrations with nothing to do, 1,000 tenants",
        "full",
        "schema_migrations",
        "migrate_schemas, nothing to do, 1,000 tenants",
        "time",
        "ours",
        "stock",
    ),
    Goal(
        "Migrations with one `AddField`, 1,000 tenants",
        "full",
        "schema_migrations",
        "migrate_schemas, AddField, 1,000 tenants",
        "time",
        "ours",
        "stock",
    ),
    Goal(
        "Migrations with one `RunPython`, 1,000 tenants: its Python alone is the peer",
        "full",
        "schema_migrations",
        "migrate_schemas, RunPython with 100 rows, 1,000 tenants",
        "time",
        "ours",
        "loop",
    ),
    Goal(
        "A request, as fast as plain Django's",
        "usual",
        "requests",
        "a request, persistent connections",
        "time",
        "ours",
        "plain",
    ),
    Goal(
        "A request with all of the service's middleware",
        "usual",
        "requests",
        "a request, persistent connections",
        "time",
        "service",
        "plain",
    ),
    Goal(
        "A transaction of three queries",
        "usual",
        "context",
        "a transaction of three",
        "time",
        "ours",
        "plain",
    ),
    Goal("A cold start", "usual", "processes", "a cold start", "", "ours", "plain"),
    Goal(
        "The first page of 50,000 members",
        "usual",
        "members",
        "the first page, of 50,000 members",
        "",
        "service",
    ),
    Goal(
        "Sign-ins a second of a core; Keycloak's hash parameters are the peer",
        "usual",
        "signin",
        "a second of a core",
        "",
        "ours",
        "keycloak",
    ),
    Goal(
        "E-mails sent of 100,000 waiting",
        "full",
        "mail",
        "100,000 welcomes waiting: sent",
        "",
        "worker",
    ),
    Goal(
        "Another tenant's message behind 100,000; an empty queue is the peer",
        "full",
        "mail",
        "another tenant's message, 100,000 waiting before it",
        "",
        "busy",
        "quiet",
    ),
    Goal(
        "Memory of connections to 3,000 tenants; connections never replaced are the peer",
        "full",
        "connections",
        "memory of connections, 3,000 tenants",
        "",
        "replaced",
        "kept",
    ),
)
