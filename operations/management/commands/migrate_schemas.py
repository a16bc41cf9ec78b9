"""Bring the shared tables and every tenant's schema to this release."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand
from django_tenants.migration_executors import get_executor
from django_tenants.utils import get_public_schema_name

from tenancy import revisions, schema_pool
from tenancy.context import database_role, public_context
from tenancy.errors import SchemaMigrationError
from tenancy.provisioning import snapshots
from tenancy.provisioning.building import BuildError
from tenancy.roles import MIGRATOR
from tenancy.schema_migrations import dry_run, shared, targets
from tenancy.schema_migrations.report import Progress, Report
from tenancy.schema_migrations.revision_sync import drift, synced_revisions
from tenancy.schema_migrations.runner import Run, RunOptions
from tenancy.timeouts import DatabaseTimeouts

# Workers wait for PostgreSQL most of the time.
WORKERS = 2
# With one of these options django-tenants' own command runs, one schema after the other.
STANDARD = (
    "schema_name", "executor", "app_label", "fake", "fake_initial", "prune", "run_syncdb",
)  # fmt: skip


class Command(MigrateSchemasCommand):
    help = "Bring the shared tables and every tenant's schema to this release."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add = parser.add_argument
        add("--audit", action="store_true", help="compare each tenant's row with its schema")
        add("--dry-run", action="store_true",
            help="a plan with times: migrate a few schemas, and roll that back")  # fmt: skip
        add("--canary", type=int, default=1, help="so many first; stop if one of them fails (1)")
        add("--attempts", type=int, default=6, help="tries at a schema that is in use (6)")
        add("--lock-timeout", type=float, default=1.0, help="seconds to wait for a lock (1)")
        add("--statement-timeout", type=float, default=2.0,
            help="seconds that a change of tables may take (2); 0 for any")  # fmt: skip
        add("--report", type=Path, help="write a report to this file, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if any(options[name] for name in STANDARD):
                is_read_only = options["plan"] or options["check_unapplied"]
                with nullcontext() if is_read_only else synced_revisions():
                    super().handle(*args, **options)
                return
            with database_role(MIGRATOR), public_context():
                if options["audit"]:
                    self._audit()
                elif options["check_unapplied"]:
                    self._check(options)
                elif options["plan"] or options["dry_run"]:
                    self._plan(options)
                else:
                    self._migrate(options)
        except (SchemaMigrationError, BuildError) as error:
            raise CommandError(str(error)) from error

    # --- Read-only ---

    def _audit(self) -> None:
        found = list(drift())
        for sentence in found:
            self.stdout.write(sentence)
        if found:
            raise CommandError(
                f"{len(found)} tenants' `revision` does not match their schema. Find out why, then "
                f"run: migrate_schemas --schema NAME"
            )
        self.stdout.write(f"The revisions of all {len(targets.all_targets())} schemas match.")

    def _check(self, options: dict[str, Any]) -> None:
        is_late = (
            (_wants_shared(options) and not shared.is_up_to_date())
            or (_wants_tenants(options) and targets.behind(revisions.target()))
        )  # fmt: skip
        if is_late:
            sys.exit(1)

    def _plan(self, options: dict[str, Any]) -> None:
        if _wants_shared(options):
            word = "up to date" if shared.is_up_to_date() else "to be migrated, first"
            self.stdout.write(f"The shared tables are {word}.")
        if _wants_tenants(options):
            for line in dry_run.lines(_timeouts(options) if options["dry_run"] else None):
                self.stdout.write(line)

    # --- Migrating ---

    def _migrate(self, options: dict[str, Any]) -> None:
        if _wants_shared(options):
            self._migrate_public(options)
            # Other code may render another snapshot of the same migrations, or return to an old
            # one.
            snapshots.deploy()
        if _wants_tenants(options):
            self._migrate_tenants(options)
        if _wants_shared(options) and _wants_tenants(options):
            self._fill_pool(options)

    def _migrate_public(self, options: dict[str, Any]) -> None:
        if shared.is_up_to_date():
            return
        with shared.locked():
            # Another process may have migrated it before this one got the lock.
            if shared.is_up_to_date():
                return
            run_migrations = get_executor("standard")([], options).run_migrations
            public = get_public_schema_name()
            shared.bring_up_to_date(
                lambda: run_migrations(tenants=[public]), attempts=options["attempts"]
            )

    def _migrate_tenants(self, options: dict[str, Any]) -> None:
        report = Report(revisions.target())
        run_options = RunOptions(
            canaries=options["canary"],
            workers=options["parallel"] or WORKERS,
            attempts=options["attempts"],
            timeouts=_timeouts(options),
        )
        progress = Progress(options.get("stderr") or sys.stderr)
        run = Run(options=run_options, report=report, progress=progress)
        try:
            run.run()
        except SchemaMigrationError as error:
            report.ended_by = str(error)
            raise
        finally:
            if options["report"]:
                report.write(options["report"])
            if options["verbosity"]:
                for line in report.lines():
                    self.stdout.write(line)
        if failed := len(report.failures):
            first = f"{failed} schemas failed, such as {report.failures[0]}"
            raise CommandError(f"{first}\nCorrect the cause and run this again.")

    def _fill_pool(self, options: dict[str, Any]) -> None:
        """Fill the pool before the release's first process starts; the last release has its own."""
        try:
            made = schema_pool.fill()
        except DatabaseError as error:
            self.stderr.write(f"No schemas were made for the next sign-ups: {error}")
            return
        if made and options["verbosity"]:
            self.stdout.write(f"Made {made} schemas for the next sign-ups.")


def _timeouts(options: dict[str, Any]) -> DatabaseTimeouts:
    return DatabaseTimeouts(lock=options["lock_timeout"], statement=options["statement_timeout"])


def _wants_shared(options: dict[str, Any]) -> bool:
    return bool(options["shared"] or not options["tenant"])


def _wants_tenants(options: dict[str, Any]) -> bool:
    return bool(options["tenant"] or not options["shared"])
