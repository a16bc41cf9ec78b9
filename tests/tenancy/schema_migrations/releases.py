"""A release of ours with migrations that only a test knows."""

import importlib
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from textwrap import indent
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from dev.paths import ROOT
from tenancy import revisions
from tenancy.provisioning import fingerprint

MIGRATION = """
from django.db import migrations, models
from django.contrib.postgres.operations import *
from tenancy.fields import SchemaNameField

{before}

class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = [("{app}", "{parent}")]
    operations = [
{operations}
    ]
"""
COMMAND = """
import sys
sys.path[:0] = {paths!r}
import django
django.setup()
from django.conf import settings
settings.MIGRATION_MODULES = {modules!r}
from saas.command_line import main
main(["manage.py", "migrate_schemas", *{options!r}])
"""
ADD_FIELD = 'migrations.AddField("invitation", "{}", models.CharField(max_length=9, null=True)),'
ADD_MODEL = """
migrations.CreateModel("{name}", [
    ("id", models.BigAutoField(primary_key=True)),
    ("word", models.CharField(max_length=9)),
]),
"""
ADD_TREE = ADD_MODEL.format(name="Toy").replace(
    "])", '    ("parent", models.ForeignKey("self", models.CASCADE, null=True)),\n])'
)
PLANT = """
def work(apps, schema_editor):
    model = apps.get_model("accounts", "Toy")
    model.objects.create(word="leaf", parent=model.objects.create(word="root"))
"""


# What a migration does when a test wants something to happen in its middle.
calls: list = []


class Release:
    """The migrations on disk, and some more of one app."""

    def __init__(self, folder: Path, settings: Any, app: str = "accounts") -> None:
        self.folder, self.package, self.app = folder, f"toys_{uuid.uuid4().hex}", app
        self._settings = settings
        self._started: list[subprocess.Popen] = []
        self._place = folder / self.package
        migrations: Any = importlib.import_module(f"{app}.migrations")
        shutil.copytree(Path(migrations.__file__).parent, self._place)
        self.last = max(path.stem for path in self._place.glob("0*.py"))

    def install(self) -> None:
        sys.path.insert(0, str(self.folder))
        self._settings.MIGRATION_MODULES = {self.app: self.package}
        forget()

    def uninstall(self) -> None:
        sys.path.remove(str(self.folder))
        self._settings.MIGRATION_MODULES = {}
        forget()

    def add(self, name: str, operations: str, *, before: str = "", atomic: bool = True) -> str:
        """Write a migration on top of the last one, and return its name in the records."""
        text = MIGRATION.format(
            before=before,
            atomic=atomic,
            app=self.app,
            parent=self.last,
            operations=indent(operations, " " * 8),
        )
        self._place.joinpath(f"{name}.py").write_text(text)
        self.last = name
        forget()
        return f"{self.app}.{name}"

    def add_field(self, name: str) -> str:
        """Write a migration that is the same SQL in each schema."""
        return self.add(name, ADD_FIELD.format(column(name)))

    def add_rows_to_be_checked(self) -> None:
        """Write rows whose keys are checked at the transaction's end, then change their table."""
        self.add("0900_tree", ADD_TREE)
        self.add("0901_plant", "migrations.RunPython(work),", before=PLANT)
        self.add("0902_colour", ADD_FIELD.format("colour").replace("invitation", "toy"))

    def start(self, *options: str, stdin=None, stdout=None, stderr=None, text=None, **environment):
        """Start the command in a process of its own, on the test's database."""
        code = COMMAND.format(
            paths=[str(ROOT), str(self.folder)],
            modules={self.app: self.package},
            options=["--tenant", *options],
        )
        parts = urlsplit(os.environ["DATABASE_URL"])
        database = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database, **environment},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=text,
        )
        self._started.append(process)
        return process

    def end(self) -> None:
        """Kill what a test that failed has left behind."""
        for process in self._started:
            process.kill()
            process.wait(timeout=60)


def column(name: str) -> str:
    return name.partition("_")[2]


def forget() -> None:
    """Let this process have the code that is on disk now."""
    importlib.invalidate_caches()
    revisions.forget()
    fingerprint._of_files.cache_clear()
