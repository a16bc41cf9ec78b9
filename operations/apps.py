"""The app of the operators' tools: admin site, commands, doctor, dashboard."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "operations"

    def ready(self) -> None:
        # Imported here: management commands need the apps loaded.
        from operations import refused_commands

        refused_commands.remove()
