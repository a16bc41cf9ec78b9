"""The floor: outbox, relay, deliveries."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TasksConfig(AppConfig):
    name = "tasks"
    verbose_name = _("Outbox")

    def ready(self) -> None:
        """Register the Celery tasks: autodiscovery would look for `tasks/tasks.py` alone."""
        import_module("tasks.deliveries")
        import_module("tasks.jobs")
