"""Logging: one structured line per event, with the tenant's schema."""

import logging
from http import HTTPStatus
from typing import Any

import structlog
from django.db import connection

from saas.redaction import safely, scrub_event

# Loggers of a line or more per sweep or request: below a warning, these would hide the others.
CHATTY = ("celery.app.trace", "celery.beat", "celery.worker.strategy", "django.server")


class StructuredFormatter(structlog.stdlib.ProcessorFormatter):
    """structlog's formatter, which never prints the arguments of a line that it can't format."""

    def format(self, record: logging.LogRecord) -> str:
        return safely(lambda: super(StructuredFormatter, self).format(record), record)


def add_schema(_logger: Any, _name: str, event: structlog.typing.EventDict) -> Any:
    """Add the schema that the thread's connection is set to, if any."""
    if schema_name := getattr(connection, "schema_name", None):
        event.setdefault("schema", schema_name)
    return event


def shorten_refusals(_logger: Any, _name: str, event: structlog.typing.EventDict) -> Any:
    """Drop the traceback of a request that was refused, or came while the database was away.

    Neither is a defect of the service.
    """
    record = event.get("_record")
    is_away = getattr(record, "status_code", None) == HTTPStatus.SERVICE_UNAVAILABLE
    if event.get("logger") == "django.request" and (is_away or event.get("level") == "warning"):
        event.pop("exc_info", None)
    return event


def logging_config(*, level: str, as_json: bool) -> dict[str, Any]:
    """Return the `LOGGING` setting: JSON lines for machines, plain ones for people."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_schema,
        shorten_refusals,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    formatter = {
        "()": StructuredFormatter,
        "foreign_pre_chain": shared,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            scrub_event,
            renderer,
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structured": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        # Django's own handlers have formats of their own, and mail whole requests to ADMINS.
        "loggers": {"django": {"handlers": []}} | {name: {"level": "WARNING"} for name in CHATTY},
    }
