"""Logs of every process: lines for people, or one JSON object a line with the ids of what it is about."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

from muscope.backend.settings import LogFormat, Settings

TEXT_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
# Of libraries that give their loggers handlers of their own.
_OWN_HANDLERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "celery", "celery.task", "celery.redirected")
_about: ContextVar[dict[str, str] | None] = ContextVar("log_about", default=None)


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """Add ids, such as `request_id`, `experiment_id` and `cell_id`, to what is logged within the block."""
    known = _about.get() or {}
    token = _about.set(known | {name: str(value) for name, value in ids.items()})
    try:
        yield
    finally:
        _about.reset(token)


def set_up_logging(settings: Settings) -> None:
    """Log to stderr as the settings say; logs of libraries take the same way when the form is JSON."""
    level = settings.log_level.upper()
    if settings.log_format is LogFormat.TEXT:
        logging.basicConfig(level=level, format=TEXT_FORMAT)
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(json_formatter())
    handler.addFilter(add_ids)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True


def json_formatter() -> logging.Formatter:
    """Return the formatter of JSON lines: time (UTC), level, logger, message, ids, and a traceback."""
    return JsonFormatter(
        ["levelname", "name", "message"],
        rename_fields={"levelname": "level", "name": "logger", "exc_info": "traceback"},
        timestamp="time",
    )


def add_ids(record: logging.LogRecord) -> bool:
    """Give a record the ids of its context as fields of the JSON object."""
    for name, value in (_about.get() or {}).items():
        setattr(record, name, value)
    return True
