"""The app of the operators' tools: admin site, commands, doctor, dashboard."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "operations"
