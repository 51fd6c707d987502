"""Runs of an MLflow experiment: their parameters and last metrics."""

from __future__ import annotations

from typing import Any

from muscope.backend.sweeps.trackers.tracked import (
    TAG,
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

    def write_back(outcome: str, text: str) -> None:
        client.set_experiment_tag(experiment_id, f"{TAG}outcome", outcome)
        client.set_experiment_tag(experiment_id, f"{TAG}text", text[:_MOST_TEXT])

    with answering("mlflow", *failures):
        return Tracked([_record(run) for run in _runs(client, experiment_id)], write_back)


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
