"""Training of the trials while time is left; results are kept on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from studies.calibration.real.kept import ArrayStore
from studies.calibration.recipes.trial import Trial
from studies.cells.jobs import Result, Results
from studies.cells.pool import Trainer
from studies.cells.row import Row
from studies.page.checks import Check
from studies.page.figures import Panel


def train_trials(
    folder: Path, wanted: Sequence[Trial], *, processes: int, minutes: float, report: Callable[[str], None]
) -> None:
    """Train what is not kept yet; end with the first trial that is complete after `minutes`."""
    began = time.monotonic()
    trainer = Trainer(ArrayStore(folder), num_processes=processes, report=report)
    for row, _ in trainer.train([_row(trial) for trial in wanted]):
        report(f"── {row.name} is complete, {time.monotonic() - began:.0f} s")
        if time.monotonic() - began > 60.0 * minutes:
            report(f"{minutes:g} minutes are over")
            return


def complete_trials(folder: Path, wanted: Sequence[Trial]) -> list[tuple[Trial, Results]]:
    """Return the trials of which every cell is kept, with their results."""
    store = ArrayStore(folder)
    found = ((trial, _kept(store, trial)) for trial in wanted)
    return [(trial, results) for trial, results in found if results is not None]


def _kept(store: ArrayStore, trial: Trial) -> Results | None:
    results: dict[str, Result] = {}
    while True:
        missing = [cell for cell in trial.plan(results) if cell.key() not in results]
        if not missing:
            return results
        for cell in missing:
            result = store.load(cell)
            if result is None:
                return None
            results[cell.key()] = result


def _row(trial: Trial) -> Row:
    return Row(trial.name, "", "", lambda results: list(trial.plan(results)), _unjudged)


def _unjudged(_results: Results) -> tuple[list[Check], list[Panel]]:
    return [], []
