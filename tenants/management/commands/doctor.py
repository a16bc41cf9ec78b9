"""Look for debris, and clear it away where that is wanted."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from tasks.roles import DatabaseRole
from tasks.workspace import public_context
from tenants import doctor
from tenants.management.base import ServiceCommand


class Command(ServiceCommand):
    """Safe beside a running service: it locks nobody out, and what is in flight is no debris."""

    help = "Say what is left over or half there. Exit code 1 when something is, and stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--mend", action="store_true", help="do what else is only said; take a backup first"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        mends = options["mend"]
        with public_context(DatabaseRole.OPERATOR):
            outcomes = [self._treat(found, mends=mends) for found in doctor.examine(self.progress)]
        if left := outcomes.count(False):
            how = "" if mends else " Mend what can be: doctor --mend"
            raise CommandError(f"{left} of {len(outcomes)} findings are left.{how}")
        self.stdout.write(f"All {len(outcomes)} are mended." if outcomes else "All is well.")

    def _treat(self, found: doctor.Finding, *, mends: bool) -> bool:
        """Say what was found and what is done about it; whether that mends it."""
        self.stdout.write(found.sentence)
        if found.mend is None:
            self.stdout.write(f"  For a person to do: {found.remedy}.")
        elif not mends:
            self.stdout.write(f"  Would {found.remedy}.")
        else:
            return self._mend(found)
        return False

    def _mend(self, found: doctor.Finding) -> bool:
        try:
            found.mend()  # type: ignore[misc]  # Asked before.
        except Exception as error:  # noqa: BLE001  # Whatever it is, the next finding has its turn.
            self.stdout.write(f"  Could not {found.remedy}: {type(error).__name__}: {error}")
            return False
        self.stdout.write(f"  Mended: {found.remedy}.")
        return True
