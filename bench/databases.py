"""A database for each subject, on one server, dropped at the end."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from bench.subjects import VISITORS

NAMES = ("ours", "stock", "plain", *VISITORS, "isolation")
CREATE = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
DROP = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")


@contextlib.contextmanager
def created(environ: Mapping[str, str], migrated: str) -> Iterator[dict[str, dict[str, str]]]:
    """Create the databases, and return the variables that name each of them.

    Those of the service itself are copies of the `migrated` database, if there is one.
    """
    owner = sql.Identifier(urlsplit(environ["DATABASE_URL"]).username or "")
    variables = {
        name: {
            each: urlunsplit(urlsplit(environ[each])._replace(path=f"/bench_{os.getpid()}_{name}"))
            for each in ("DATABASE_URL", "DATABASE_ADMIN_URL")
        }
        for name in NAMES
    }
    databases = {name: sql.Identifier(f"bench_{os.getpid()}_{name}") for name in NAMES}
    with psycopg.connect(environ["DATABASE_ADMIN_URL"], autocommit=True) as server:
        try:
            for name, database in databases.items():
                copied = migrated if migrated and name in VISITORS else "template1"
                server.execute(CREATE.format(database, owner, sql.Identifier(copied)))
            # The tables of users need it. One of our own migrations adds it for our project.
            for name in ("stock", "plain"):
                with psycopg.connect(variables[name]["DATABASE_ADMIN_URL"]) as inside:
                    inside.execute("CREATE EXTENSION pg_trgm SCHEMA public")
            yield variables
        finally:
            for database in databases.values():
                server.execute(DROP.format(database))
