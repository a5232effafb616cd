"""One line an event, the same for our own log calls and for everybody else's."""

from __future__ import annotations

import logging.config
from typing import Any

import structlog


def configure(*, debug: bool = False, json: bool = False) -> None:
    """structlog for all loggers, to stderr; ``json`` writes objects for log collectors."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
            "loggers": {
                "django": {"level": "INFO"},
                "django.request": {"level": "ERROR"},
                "celery": {"level": "INFO" if debug else "WARNING"},
                "kombu": {"level": "WARNING"},
                "axes": {"level": "WARNING"},
                "botocore": {"level": "WARNING"},
            },
        }
    )
