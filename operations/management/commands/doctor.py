"""Report orphaned and incomplete data, and repair it with `--fix`."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from operations import doctor
from operations.management.base import ServiceCommand
from tenancy.context import public_context
from tenants.roles import OPERATOR


class Command(ServiceCommand):
    """Safe beside a running service: blocks no transaction, and doesn't report data in flight."""

    help = "Report orphaned and incomplete data. Exit code 1 while a finding is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fix", action="store_true", help="fix what can be fixed; take a backup first"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        fixes = options["fix"]
        with public_context(OPERATOR):
            outcomes = [self._handle(found, fixes=fixes) for found in doctor.examine(self.progress)]
        if left := outcomes.count(False):
            how = "" if fixes else " Fix what can be fixed: doctor --fix"
            raise CommandError(f"{left} of {len(outcomes)} findings are left.{how}")
        self.stdout.write(f"All {len(outcomes)} are fixed." if outcomes else "No findings.")

    def _handle(self, found: doctor.Finding, *, fixes: bool) -> bool:
        """Print a finding and what is done about it. Return whether it is repaired."""
        self.stdout.write(found.sentence)
        if found.fix is None:
            self.stdout.write(f"  By hand: {found.remedy}.")
        elif not fixes:
            self.stdout.write(f"  Would {found.remedy}.")
        else:
            try:
                found.fix()
            except Exception as error:  # noqa: BLE001  # Any failure: continue with the next finding.
                self.stdout.write(f"  Could not {found.remedy}: {type(error).__name__}: {error}")
            else:
                self.stdout.write(f"  Fixed: {found.remedy}.")
                return True
        return False
