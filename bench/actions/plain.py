"""Plain Django, without tenancy: one schema for everything."""

from django.core.management import call_command


def prepare() -> None:
    """Create the tables in an empty database."""
    call_command("migrate", interactive=False, verbosity=0)


def schemas() -> list[str]:
    return ["public"]
