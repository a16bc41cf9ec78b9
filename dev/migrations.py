"""Brings the development database up to date, and knows when there is nothing to do."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import psycopg

from dev import keys, manage
from dev.environment import over
from dev.errors import StackError
from dev.keys import Keys
from dev.paths import ROOT, RUN
from dev.progress import say
from dev.servers import Servers

STAMP = RUN / "migrated"
OPERATOR = "operator@example.com"
# These decide which apps there are and which versions of them.
ALSO = ("saas/settings.py", "requirements/base.txt")
IDENTITY = """
    SELECT (SELECT system_identifier FROM pg_control_system()), oid,
           to_regclass('public.django_migrations') IS NOT NULL
    FROM pg_database WHERE datname = current_database()
"""


def bring_up_to_date(environment: dict[str, str], own_keys: Keys, servers: Servers) -> None:
    """Migrate and make the first operator, unless nothing changed since; raises StackError."""
    if STAMP.exists() and STAMP.read_text() == _fingerprint(own_keys, servers):
        return
    say("Bringing the database up to date.")
    as_administrator = over(environment, {"DATABASE_ADMIN_URL": servers.administrator_url})
    _manage(as_administrator, "setup_roles")
    _manage(environment, "migrate_schemas", "--noinput", "--verbosity=0")
    password = own_keys.operator_password
    _manage(environment, "ensure_operator", f"--email={OPERATOR}", f"--password={password}")
    keys.write_private(STAMP, _fingerprint(own_keys, servers))


def _manage(environment: dict[str, str], *arguments: str) -> None:
    if manage.run(list(arguments), environment):
        raise StackError(f"`manage.py {arguments[0]}` failed; its reason stands above.")


def _fingerprint(own_keys: Keys, servers: Servers) -> str:
    digest = hashlib.sha256(own_keys.operator_password.encode())
    for path in sources(ROOT):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    digest.update(repr(_identity(servers.administrator_url)).encode())
    return digest.hexdigest()


def sources(root: Path) -> Iterator[Path]:
    """Every file that decides what the tables look like."""
    yield from (root / name for name in ALSO if (root / name).is_file())
    for app in sorted(path.parent for path in root.glob("*/apps.py")):
        yield from sorted(app.glob("**/migrations/*.py"))
        yield from sorted(app.glob("**/management/commands/*.py"))


def _identity(url: str) -> tuple[object, ...]:
    """Which database this is and what was applied to it: a rolled back one differs."""
    with psycopg.connect(url) as connection:
        cluster, database, is_migrated = connection.execute(IDENTITY).fetchone() or (0, 0, False)
        if not is_migrated:
            return cluster, database
        applied = "SELECT count(*), max(id) FROM public.django_migrations"
        return cluster, database, *(connection.execute(applied).fetchone() or ())
