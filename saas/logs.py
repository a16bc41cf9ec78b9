"""How the service logs: one structured line an event, carrying the tenant's schema."""

import re
from typing import Any

import structlog
from django.db import connection

# What they say of each sweep would bury what a person looks for.
CHATTY = ("celery.app.trace", "celery.beat", "celery.worker.strategy", "django.server")

_RESET_KEY = re.compile(r"(/password/reset/key/)[^/\s\"']+")


def add_schema(_logger: Any, _name: str, event: structlog.typing.EventDict) -> Any:
    """Add the schema that the thread works in, when it works in one."""
    if schema_name := getattr(connection, "schema_name", None):
        event.setdefault("schema", schema_name)
    return event


def shorten_refusals(_logger: Any, _name: str, event: structlog.typing.EventDict) -> Any:
    """Drop the traceback of a request that was refused: nothing is broken then."""
    if event.get("logger") == "django.request" and event.get("level") == "warning":
        event.pop("exc_info", None)
    return event


def mask_links(text: str) -> str:
    """Return a text without the keys of password resets: they stand in paths."""
    return _RESET_KEY.sub(r"\1…", text)


def mask_event(_logger: Any, _name: str, event: structlog.typing.EventDict) -> Any:
    """Mask the links that a line quotes."""
    event["event"] = mask_links(str(event["event"]))
    return event


def logging_config(*, level: str, as_json: bool) -> dict[str, Any]:
    """Return the `LOGGING` setting: JSON lines for machines, coloured ones for people."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_schema,
        shorten_refusals,
        mask_event,
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
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structured": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {name: {"level": "WARNING"} for name in CHATTY},
    }
