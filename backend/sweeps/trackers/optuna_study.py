"""Trials of an Optuna study: their parameters, attributes and value."""

from __future__ import annotations

from collections.abc import Mapping

from muscope.backend.sweeps.trackers.tracked import (
    TAG,
    Record,
    Tracked,
    answering,
    chosen,
    library,
    require_store,
)


def optuna_runs(storage: str, experiment: str | None) -> Tracked:
    """Return the finished trials of a study in a storage, such as `sqlite:///study.db`.

    The value is called `loss` where the study minimises it, else `value`, whose meaning is asked about. A
    trial that failed or was pruned has none.
    """
    optuna = library("optuna", "optuna")
    require_store(storage)
    failure = library("sqlalchemy.exc", "optuna").SQLAlchemyError
    with answering("optuna", failure, ImportError):
        names = optuna.study.get_all_study_names(storage=storage)
        study = optuna.load_study(study_name=chosen(experiment, names, "optuna"), storage=storage)
    is_loss = study.direction.name == "MINIMIZE"

    def write_back(outcome: str, text: str, files: Mapping[str, str]) -> None:
        del files  # Optuna keeps artifacts only in a store that a program names
        study.set_user_attr(f"{TAG}outcome", outcome)
        study.set_user_attr(f"{TAG}text", text)

    trials = [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]
    return Tracked([_record(trial, "loss" if is_loss else "value") for trial in trials], write_back)


def _record(trial: object, metric: str) -> Record:
    state, params, attributes = (getattr(trial, name) for name in ("state", "params", "user_attrs"))
    value = getattr(trial, "value", None) if state.name == "COMPLETE" else None
    return {**attributes, **params, metric: value, "state": state.name}
