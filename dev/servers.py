"""The two servers that the service needs: external ones where named, otherwise our own."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dev import postgres, valkey
from dev.keys import Keys
from dev.progress import say
from dev.server import Server


@dataclass(frozen=True)
class Servers:
    database_url: str
    administrator_url: str
    redis_url: str
    own: tuple[Server, ...] = ()


@contextlib.contextmanager
def running(
    folder: Path, keys: Keys, environ: Mapping[str, str], *, is_throwaway: bool = False
) -> Iterator[Servers]:
    """DATABASE_URL and REDIS_URL come first; what isn't named there runs under the folder."""
    with contextlib.ExitStack() as stack:
        database_url, administrator_url, database = _database(folder, keys, environ, is_throwaway)
        _stop_at_end(stack, database)
        redis_url, store = _redis(folder, keys, environ, is_throwaway)
        _stop_at_end(stack, store)
        own = tuple(server for server in (database, store) if server)
        yield Servers(database_url, administrator_url, redis_url, own)


def end_orphans(folder: Path) -> None:
    postgres.end_orphans(folder)
    valkey.end_orphans(folder)


def _database(
    folder: Path, keys: Keys, environ: Mapping[str, str], is_throwaway: bool
) -> tuple[str, str, Server | None]:
    given = environ.get("DATABASE_URL")
    if given:
        say("Using the PostgreSQL that DATABASE_URL names.")
        return given, environ.get("DATABASE_ADMIN_URL", given), None
    started = postgres.start(
        postgres.Cluster(
            folder, keys.administrator_password, keys.service_password, is_throwaway=is_throwaway
        )
    )
    return started.database_url, started.administrator_url, started.server


def _redis(
    folder: Path, keys: Keys, environ: Mapping[str, str], is_throwaway: bool
) -> tuple[str, Server | None]:
    given = environ.get("REDIS_URL")
    if given:
        say("Using the Redis that REDIS_URL names.")
        return given, None
    started = valkey.start(valkey.Store(folder, keys.valkey_password, is_throwaway=is_throwaway))
    return started.url, started.server


def _stop_at_end(stack: contextlib.ExitStack, server: Server | None) -> None:
    if server:
        stack.callback(server.stop)
