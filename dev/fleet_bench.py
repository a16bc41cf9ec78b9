"""`python -m dev.fleet_bench`: how long `migrate_schemas` takes with a thousand tenants.

On servers of its own, which nothing outlives. `measure` returns the figures, for whoever has an
environment already.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from dev import foreground, messages, testing
from dev.environment import over
from dev.paths import ROOT
from dev.progress import say

MIGRATION = """
import time
from django.db import migrations, models

SPENT = []

def work(apps, schema_editor):
    started = time.perf_counter()
    for user in apps.get_model("accounts", "User").objects.all():
        user.save()
    time.sleep({seconds})
    SPENT.append(time.perf_counter() - started)

class Migration(migrations.Migration):
    dependencies = [("accounts", "{parent}")]
    operations = [{operation}]
"""
ADD_FIELD = 'migrations.AddField("user", "{}", models.CharField(max_length=9, null=True))'
RUN_PYTHON = "migrations.RunPython(work)"
# What a thousand schemas cost when each runs Python that takes so long.
PYTHON_SECONDS = 0.02
# Runs a command with other migrations for `accounts`, and says how long it took by itself.
TIMED = """
import json, os, sys, time
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings")
os.environ.setdefault("SAAS_PROCESS", "migration")
sys.path[:0] = {paths!r}
import django
django.setup()
from django.conf import settings
settings.MIGRATION_MODULES = {modules!r}
from saas.command_line import main
started = time.perf_counter()
try:
    main(["manage.py", "migrate_schemas", "--verbosity=0", *{arguments!r}])
finally:
    modules = [module for name, module in sys.modules.items() if name.startswith("bench_")]
    spent = sum(sum(getattr(module, "SPENT", [])) for module in modules)
    print(json.dumps([time.perf_counter() - started, spent]))
"""
OPEN = """
from tenants.signup import Owner, open_tenant
owner = Owner("Bench", "bench@example.test", "correct horse battery staple")
open_tenant(organization="Bench", subdomain="bench", owner=owner)
"""


def main() -> int:
    """Start servers, and measure in their environment."""
    arguments = _arguments()
    if arguments.inside:
        for name, seconds in measure(arguments.inside, tenants=arguments.tenants).items():
            print(f"{name}: {seconds:.2f} s", flush=True)
        return 0
    messages.compile_all()
    with testing.folder() as place, testing.environment(place) as variables:
        command = [sys.executable, "-m", "dev.fleet_bench", f"--tenants={arguments.tenants}"]
        return foreground.run([*command, f"--inside={place}"], over(os.environ, variables))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(place: Path, *, tenants: int) -> dict[str, float]:
    """Fill the environment's database with so many tenants, and return seconds by what was done.

    `place` is a folder for what is written meanwhile. The database should be empty.
    """
    release = Release(place)
    _manage(["setup_roles"])
    release.run()
    _manage(["shell", "--public", "-c", OPEN])
    say(f"Copying a schema {tenants - 1} times.")
    copy_tenant(os.environ["DATABASE_ADMIN_URL"], tenants - 1)
    figures = {"nothing to do": release.run()}
    release.add("0900_colour", ADD_FIELD.format("colour"))
    figures["AddField"] = release.run("--tenant")
    release.add("0901_taste", ADD_FIELD.format("taste"))
    figures["AddField, one thread"] = release.run("--tenant", "--parallel=1")
    release.add("0902_smell", ADD_FIELD.format("smell"))
    figures["AddField, two processes"] = release.run("--tenant", beside=True)
    release.add("0903_work", RUN_PYTHON, seconds=PYTHON_SECONDS)
    figures["RunPython, one thread"] = release.run("--tenant", "--parallel=1")
    figures["the Python of it"] = release.spent
    return figures


class Release:
    """The migrations on disk, and some more."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.place = folder, folder / "bench_migrations"
        shutil.copytree(ROOT / "accounts" / "migrations", self.place)
        self.last = max(path.stem for path in self.place.glob("0*.py"))
        self.spent = 0.0

    def add(self, name: str, operation: str, *, seconds: float = 0) -> None:
        text = MIGRATION.format(parent=self.last, operation=operation, seconds=seconds)
        (self.place / f"{name}.py").write_text(text)
        self.last = name

    def run(self, *arguments: str, beside: bool = False) -> float:
        """Migrate, and return how long that took beyond Django's start.

        What of it was spent by the migrations' own Python is in `spent`.
        """
        code = TIMED.format(
            paths=[str(ROOT), str(self.folder)],
            modules={"accounts": self.place.name},
            arguments=list(arguments),
        )
        started = [_start(["-c", code]) for _ in range(1 + beside)]
        said = [json.loads(each.communicate()[0]) for each in started]
        self.spent = float(sum(spent for _, spent in said))
        return float(max(elapsed for elapsed, _ in said))


def copy_tenant(database: str, times: int) -> None:
    """Copy the newest tenant's schema and row, as the schema's owner, past the service."""
    login = urlsplit(os.environ["DATABASE_URL"]).username
    with psycopg.connect(database) as plain:
        schema = _texts(plain, NEWEST)[0]
        for number in range(times):
            name = f"t_{number:016x}"
            plain.execute(f'CREATE SCHEMA "{name}" AUTHORIZATION "{login}_signup"')
            plain.execute(f'SET LOCAL search_path = "{name}", public')
            plain.execute(f'SET LOCAL ROLE "{login}_signup"')
            for question in (TABLES, COUNTERS, KEYS):
                plain.execute(";".join(_texts(plain, question, schema)).replace("NEW", name))
            plain.execute(f'GRANT USAGE ON SCHEMA "{name}" TO "{login}_tenant"')
            everything = f'ON ALL TABLES IN SCHEMA "{name}" TO "{login}_tenant"'
            plain.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE {everything}")
            plain.execute("RESET ROLE")
            plain.execute(COPY_ROW, {"name": name, "slug": f"bench{number}", "schema": schema})
            plain.commit()


def _texts(plain: "psycopg.Connection[tuple[str]]", question: str, schema: str = "") -> list[str]:
    return [row[0] for row in plain.execute(question, {"schema": schema})]


NEWEST = "SELECT schema_name FROM public.tenants_tenant ORDER BY id DESC LIMIT 1"
COPY_ROW = """
    INSERT INTO public.tenants_tenant (schema_name, name, slug, status, language, terms_version,
        created_at, opened_from, revision)
    SELECT %(name)s, name, %(slug)s, status, language, terms_version, now(), '', revision
    FROM public.tenants_tenant WHERE schema_name = %(schema)s
"""
TABLES = """
    SELECT format('CREATE TABLE "NEW".%%1$I (LIKE %%2$I.%%1$I INCLUDING ALL);
        INSERT INTO "NEW".%%1$I OVERRIDING SYSTEM VALUE TABLE %%2$I.%%1$I', relname, nspname)
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = %(schema)s AND relkind = 'r'
"""
COUNTERS = """
    SELECT format($$SELECT setval(pg_get_serial_sequence('"NEW".%%1$I', %%2$L),
        max(%%2$I) + 1, false) FROM "NEW".%%1$I$$, relname, attname)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = %(schema)s AND attidentity <> ''
"""
KEYS = """
    SELECT format('ALTER TABLE "NEW".%%I ADD CONSTRAINT %%I %%s', relname, conname,
        replace(pg_get_constraintdef(pg_constraint.oid), %(schema)s, 'NEW'))
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
        JOIN pg_namespace ON pg_namespace.oid = connamespace
    WHERE nspname = %(schema)s AND contype = 'f'
"""


def _manage(arguments: list[str]) -> None:
    _start(["manage.py", *arguments]).communicate()


def _start(
    arguments: list[str], environment: Mapping[str, str] = os.environ
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        text=True,
    )


if __name__ == "__main__":
    sys.exit(main())
