"""Runs of trackio: one SQLite file a project, opened read-only; needs no library."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from muscope.backend.errors import InvalidInput, NotFound
from muscope.backend.sweeps.trackers.tracked import TAG, Record, Tracked, chosen, flat
from muscope.backend.sweeps.trackers.verdict_run import writing_run

_FILES = "*.db"
# Files of registries lie beside those of projects.
_REGISTRY = "registry-"
_OWN = "_"
# JSON has no such numbers; trackio writes them as text.
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def trackio_runs(place: str, experiment: str | None) -> Tracked:
    """Return the runs of a project: a file, or a folder of them with `experiment` as the project's name."""
    path = Path(place)
    if path.is_dir():
        found = {each.stem: each for each in path.glob(_FILES) if not each.name.startswith(_REGISTRY)}
        if not found:
            raise NotFound("sweep.no_runs", place=place, what=_FILES)
        path = found[chosen(experiment, sorted(found), "trackio")]
    elif not path.is_file():
        raise NotFound("sweep.no_runs", place=place, what=_FILES)
    try:
        with closing(sqlite3.connect(_address(path), uri=True)) as connection:
            records = list(_records(connection))
    except (sqlite3.Error, ValueError) as error:
        raise InvalidInput("sweep.unreadable_run", path=str(path)) from error
    folder = str(path.resolve().parent)
    return Tracked(records, writing_run("trackio", folder, path.stem, TRACKIO_DIR=folder))


def _address(path: Path) -> str:
    """Return the address of a file for reading; where nobody writes, nothing is left beside it either."""
    is_in_use = path.with_name(f"{path.name}-wal").exists()
    return f"{path.resolve().as_uri()}?{'mode=ro' if is_in_use else 'immutable=1'}"


def _records(connection: sqlite3.Connection) -> Iterator[Record]:
    """Yield settings and last metrics of every run, in the order in which they began to log."""
    settings = dict(connection.execute("SELECT run_id, config FROM configs ORDER BY id"))
    names: dict[str, str] = {}
    last: dict[str, dict[str, Any]] = {}
    for run, name, step, metrics in connection.execute(
        "SELECT run_id, run_name, step, metrics FROM metrics ORDER BY id"
    ):
        names[run] = name
        last.setdefault(run, {}).update({**_numbers(metrics), "step": step})
    for run, metrics in last.items():
        config = _numbers(settings[run]) if run in settings else {}
        if f"{TAG}outcome" in config:
            continue  # a verdict that was written back
        own = {name: value for name, value in config.items() if not name.startswith(_OWN)}
        yield {"name": names[run], **flat(own), **metrics}


def _numbers(text: str | bytes) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(text)
    return {
        name: _NOT_FINITE.get(value, value) if isinstance(value, str) else value
        for name, value in values.items()
    }
