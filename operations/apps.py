"""The app of the operators' tools: admin site, commands, doctor, dashboard."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "operations"

    def ready(self) -> None:
        # Imported here: management commands need the apps loaded. The checks register on import.
        from operations import checks, refused_commands  # noqa: F401

        refused_commands.remove()
