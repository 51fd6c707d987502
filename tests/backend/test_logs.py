"""Log lines as a program reads them."""

from __future__ import annotations

import json
import logging

import pytest

from muscope.backend import logs
from muscope.backend.settings import LogFormat, Settings


@pytest.fixture(autouse=True)
def _own_loggers():
    """Put back what the process had set up."""
    names = (None, "uvicorn", "uvicorn.error", "uvicorn.access", "celery", "celery.task", "celery.redirected")
    loggers = [logging.getLogger(name) for name in names]
    before = [(each.handlers, each.propagate, each.level) for each in loggers]
    yield
    for each, (handlers, propagate, level) in zip(loggers, before, strict=True):
        each.handlers, each.propagate = handlers, propagate
        each.setLevel(level)


def _lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_every_line_is_one_object_with_the_ids_of_what_it_is_about(capsys):
    logs.set_up_logging(Settings(log_format=LogFormat.JSON))
    log = logging.getLogger("muscope.test")

    with logs.about(experiment_id="e"), logs.about(cell_id=7):
        log.warning("two\nlines and %s", "µ")
    log.info("about nothing")

    first, second = _lines(capsys)
    assert first["message"] == "two\nlines and µ"
    assert (first["level"], first["logger"]) == ("WARNING", "muscope.test")
    assert (first["experiment_id"], first["cell_id"]) == ("e", "7")
    assert first["time"].endswith(("Z", "+00:00"))
    assert {"experiment_id", "cell_id"}.isdisjoint(second)


def test_an_exception_stays_on_its_line(capsys):
    logs.set_up_logging(Settings(log_format=LogFormat.JSON))
    try:
        raise ZeroDivisionError("here")
    except ZeroDivisionError:
        logging.getLogger("muscope.test").exception("it failed")

    (line,) = _lines(capsys)
    assert "ZeroDivisionError: here" in line["traceback"]


def test_lines_of_libraries_take_the_same_way(capsys):
    library = logging.getLogger("uvicorn.access")
    library.handlers, library.propagate = [logging.NullHandler()], False
    logs.set_up_logging(Settings(log_format=LogFormat.JSON))

    library.warning("a request")

    assert [line["logger"] for line in _lines(capsys)] == ["uvicorn.access"]
