"""Places that runs are read from, by the kind of tracker: `mlflow:URI`, `tensorboard:DIR`, …."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from muscope.backend.errors import InvalidInput
from muscope.backend.sweeps.trackers.aim_runs import aim_runs
from muscope.backend.sweeps.trackers.mlflow_runs import mlflow_runs
from muscope.backend.sweeps.trackers.optuna_study import optuna_runs
from muscope.backend.sweeps.trackers.tensorboard_runs import tensorboard_runs
from muscope.backend.sweeps.trackers.tracked import Tracked
from muscope.backend.sweeps.trackers.trackio_runs import trackio_runs
from muscope.backend.sweeps.trackers.trainer_state import trainer_runs
from muscope.backend.sweeps.trackers.wandb_runs import wandb_runs

SOURCES: dict[str, Callable[[str, str | None], Tracked]] = {
    "aim": aim_runs,
    "mlflow": mlflow_runs,
    "optuna": optuna_runs,
    "tensorboard": tensorboard_runs,
    "trackio": trackio_runs,
    "trainer": trainer_runs,
    "wandb": wandb_runs,
}


def tracked_runs(source: str, experiment: str | None) -> Tracked:
    """Return the runs at `kind:place`; raises InvalidInput for another kind or a tracker without runs."""
    kind, sign, place = source.partition(":")
    if kind not in SOURCES or not sign or not place:
        raise InvalidInput("sweep.unknown_source", given=source, known=", ".join(SOURCES))
    tracked = replace(SOURCES[kind](place, experiment), kind=kind)
    if not tracked.records:
        raise InvalidInput("sweep.no_rows")
    return tracked
