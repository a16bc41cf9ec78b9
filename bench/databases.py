"""A database for each side, on one server, gone at the end."""

import contextlib
import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from bench.sides import VISITORS

SIDES = ("ours", "stock", "plain", *VISITORS, "walk")


@contextlib.contextmanager
def made() -> Iterator[dict[str, dict[str, str]]]:
    """Make the databases, and return the environment that leads a side to its own."""
    names = {side: f"bench_{os.getpid()}_{side}" for side in SIDES}
    login = urlsplit(os.environ["DATABASE_URL"]).username or ""
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True) as server:
        try:
            for name in names.values():
                _make(server, name, login)
            for side in ("stock", "plain"):
                _add_trigrams(names[side])
            yield {side: _environment(name) for side, name in names.items()}
        finally:
            for name in names.values():
                _drop(server, name)


def _make(server: "psycopg.Connection[tuple[object, ...]]", name: str, login: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} OWNER {}")
    server.execute(statement.format(sql.Identifier(name), sql.Identifier(login)))


def _add_trigrams(name: str) -> None:
    """Add what the people's tables need; on our side, one of our migrations adds it."""
    with psycopg.connect(_environment(name)["DATABASE_ADMIN_URL"]) as server:
        server.execute("CREATE EXTENSION pg_trgm SCHEMA public")


def _drop(server: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    server.execute(statement.format(sql.Identifier(name)))


def _environment(name: str) -> dict[str, str]:
    variables = ("DATABASE_URL", "DATABASE_ADMIN_URL")
    return {each: named(os.environ[each], name) for each in variables}


def named(url: str, name: str) -> str:
    """Return a database's URL with another name in it."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
