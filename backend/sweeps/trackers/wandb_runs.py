"""Offline runs of Weights & Biases: `wandb/offline-run-*/run-*.wandb`, their settings and summary."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from muscope.backend.errors import InvalidInput, NotFound
from muscope.backend.sweeps.trackers.tracked import VERDICT_RUN, Record, Tracked, chosen, flat, library
from muscope.backend.sweeps.trackers.verdict_run import writing_run
from muscope.backend.sweeps.trackers.wandb_frames import frames

_RUNS = "*.wandb"
# Entries of W&B's own, such as `_timestamp`; the number of the last step is kept.
_OWN = "_"
_STEP = "_step"


@dataclass
class _Run:
    """One run, gathered over all files that it was continued in."""

    name: str = ""
    project: str = ""
    kind: str = ""
    state: str = "crashed"
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)


def wandb_runs(folder: str, experiment: str | None) -> Tracked:
    """Return one record for each run below a folder, `experiment` being the project they were logged to.

    The metrics are those of the summary, which holds the last value unless the run has set another.
    """
    messages = library("wandb.proto.wandb_internal_pb2", "wandb")
    paths = sorted(Path(folder).rglob(_RUNS))
    if not paths:
        raise NotFound("sweep.no_runs", place=folder, what=_RUNS)
    runs: dict[str, _Run] = {}
    for path in paths:
        _gather(path, messages.Record, runs)
    found = [run for run in runs.values() if run.kind != VERDICT_RUN]
    project = chosen(experiment, sorted({run.project for run in found}), "wandb")
    records = [_record(run) for run in found if run.project == project]
    return Tracked(records, writing_run("wandb", _root(paths[0], folder), project))


def _root(path: Path, folder: str) -> str:
    """Return the folder whose `wandb/` holds the run at a path, where W&B has written it in its usual way."""
    kept = path.parent.parent
    return str(kept.parent if kept.name == "wandb" else folder)


def _gather(path: Path, message: Any, runs: dict[str, _Run]) -> None:
    undecoded = library("google.protobuf.message", "wandb").DecodeError
    run = _Run()
    try:
        for frame in frames(path.read_bytes()):
            record = message.FromString(frame)
            if record.HasField("run"):
                run = runs.setdefault(record.run.run_id, run)
                run.state = "crashed"
            _take(record, run)
    except (OSError, ValueError, undecoded) as error:
        raise InvalidInput("sweep.unreadable_run", path=str(path)) from error


def _take(record: Any, run: _Run) -> None:
    kind = record.WhichOneof("record_type")
    if kind == "run":
        run.name, run.project = record.run.display_name or record.run.run_id, record.run.project
        run.kind = record.run.job_type
        _apply(record.run.config, run.config)
        _apply(record.run.summary, run.summary)
    elif kind == "config":
        _apply(record.config, run.config)
    elif kind == "summary":
        _apply(record.summary, run.summary)
    elif kind == "exit":
        run.state = "failed" if record.exit.exit_code else "finished"


def _apply(change: Any, values: dict[str, Any]) -> None:
    """Apply what a record sets and removes to nested values."""
    for item in change.update:
        inner, last = _inner(item, values)
        inner[last] = json.loads(item.value_json)
    for item in change.remove:
        inner, last = _inner(item, values)
        inner.pop(last, None)


def _inner(item: Any, values: dict[str, Any]) -> tuple[dict[str, Any], str]:
    *path, last = item.nested_key or [item.key]
    for key in path:
        inner = values.get(key)
        if not isinstance(inner, dict):
            inner = values[key] = {}
        values = inner
    return values, last


def _record(run: _Run) -> Record:
    summary = {name: value for name, value in run.summary.items() if _is_kept(name)}
    config = {name: value for name, value in run.config.items() if _is_kept(name)}
    return {"name": run.name, **flat(config), **_scalars(flat(summary).items()), "state": run.state}


def _is_kept(name: str) -> bool:
    return name == _STEP or not name.startswith(_OWN)


def _scalars(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return what is no picture, table or histogram."""
    return {name: value for name, value in items if not isinstance(value, list | dict)}
