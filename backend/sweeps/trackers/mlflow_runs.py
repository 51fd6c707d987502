"""Runs of an MLflow experiment: their parameters and last metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from muscope.backend.sweeps.trackers.tracked import (
    TAG,
    VERDICT_RUN,
    Record,
    Tracked,
    answering,
    chosen,
    library,
    require_store,
)

_PAGE = 1000
# Tags of MLflow that hold at most this many characters.
_MOST_TEXT = 5000
_NOTE = "mlflow.note.content"
_NAME = "mlflow.runName"


def mlflow_runs(uri: str, experiment: str | None) -> Tracked:
    """Return the runs of an experiment of a tracking store, such as `http://…` or `sqlite:///mlflow.db`."""
    mlflow = library("mlflow", "mlflow")
    require_store(uri)
    failures = (
        library("mlflow.exceptions", "mlflow").MlflowException,
        library("sqlalchemy.exc", "mlflow").SQLAlchemyError,
    )
    with answering("mlflow", *failures):
        client = mlflow.MlflowClient(tracking_uri=uri)
        found = {each.name: each.experiment_id for each in client.search_experiments()}
    if experiment is None:
        found.pop("Default", None)
    experiment_id = found[chosen(experiment, list(found), "mlflow")]

    def write_back(outcome: str, text: str, files: Mapping[str, str]) -> None:
        with answering("mlflow", *failures):
            _tell(client, experiment_id, outcome, text)
            if files:
                _keep(client, experiment_id, outcome, files)

    with answering("mlflow", *failures):
        runs = [run for run in _runs(client, experiment_id) if not _is_verdict(run)]
        return Tracked([_record(run) for run in runs], write_back)


def _tell(client: Any, experiment_id: str, outcome: str, text: str) -> None:
    """Tag the experiment; its note, which MLflow shows first, is written only where it is ours or none."""
    tags = client.get_experiment(experiment_id).tags
    if tags.get(_NOTE, "") in ("", tags.get(f"{TAG}text")):
        client.set_experiment_tag(experiment_id, _NOTE, text[:_MOST_TEXT])
    client.set_experiment_tag(experiment_id, f"{TAG}outcome", outcome)
    client.set_experiment_tag(experiment_id, f"{TAG}text", text[:_MOST_TEXT])


def _keep(client: Any, experiment_id: str, outcome: str, files: Mapping[str, str]) -> None:
    """Keep files as artifacts of a run of their own: an experiment of MLflow has none."""
    tags = {_NAME: VERDICT_RUN, f"{TAG}outcome": outcome}
    run_id = client.create_run(experiment_id, tags=tags).info.run_id
    for name, content in files.items():
        client.log_text(run_id, content, name)
    client.set_terminated(run_id)


def _is_verdict(run: Any) -> bool:
    return run.data.tags.get(_NAME) == VERDICT_RUN and f"{TAG}outcome" in run.data.tags


def _runs(client: Any, experiment_id: str) -> list[Any]:
    runs: list[Any] = []
    token = None
    while True:
        page = client.search_runs([experiment_id], max_results=_PAGE, page_token=token)
        runs += page
        token = page.token
        if not token:
            return runs


def _record(run: Any) -> Record:
    return {"name": run.info.run_name, **run.data.params, **run.data.metrics, "status": run.info.status}
