"""Runs of an Aim repository: attributes and last metrics, as its own library reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from muscope.backend.errors import InvalidInput, NotFound
from muscope.backend.sweeps.trackers.tracked import TAG, Record, Tracked, chosen, flat, library
from muscope.backend.sweeps.trackers.verdict_run import writing_run

_FOLDER = ".aim"
# Attributes that hold the settings, and those that Aim adds itself.
_SETTINGS = "hparams"
_OWN = "__"


def aim_runs(folder: str, experiment: str | None) -> Tracked:
    """Return the runs of an experiment of the repository in a folder.

    A metric that was tracked in a context is named with it: `loss` for the subset `val` is `val/loss`.
    """
    aim = library("aim", "aim")
    if not aim.Repo.exists(folder):
        raise NotFound("sweep.no_runs", place=folder, what=_FOLDER)
    if aim.Repo.check_repo_status(folder).name != "UPDATED":
        # Opening it would migrate it, and runs of others are only read.
        raise InvalidInput("sweep.unreadable_run", path=folder)
    repo = aim.Repo(folder)
    try:
        names = {
            run: repo.request_props(run, read_only=True).experiment for run in sorted(repo.list_all_runs())
        }
        wanted = chosen(experiment, sorted(set(names.values())), "aim") if names else None
        records = [_record(repo, run) for run, name in names.items() if name == wanted]
    finally:
        repo.close()
    measured = [record for record in records if f"{TAG}outcome" not in record]
    return Tracked(measured, writing_run("aim", folder, wanted))


def _record(repo: Any, run: str) -> Record:
    # Without the optimization that reads would trigger: it rewrites the files of a run.
    tree = repo.request_tree("meta", run, read_only=True, skip_read_optimization=True)
    values = tree.subtree("meta").subtree("chunks").subtree(run).collect()
    attributes = {name: each for name, each in values.get("attrs", {}).items() if not name.startswith(_OWN)}
    settings = attributes.pop(_SETTINGS, {})
    state = "running" if values.get("end_time") is None else "finished"
    return {"name": run, **flat({**attributes, **settings}), **dict(_metrics(values)), "state": state}


def _metrics(values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    contexts = values.get("contexts", {})
    for context, traces in values.get("traces", {}).items():
        parts = [str(part) for part in contexts.get(context, {}).values()]
        for name, trace in traces.items():
            if isinstance(trace.get("last"), int | float):
                yield "/".join((*parts, name)), trace["last"]
