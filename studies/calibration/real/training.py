"""Training of the real tasks while time is left; results are kept on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from studies.calibration.real.kept import ArrayStore
from studies.calibration.real.task import Task
from studies.cells.jobs import Result, Results
from studies.cells.pool import Trainer
from studies.cells.row import Row
from studies.page.checks import Check
from studies.page.figures import Panel

Done = list[tuple[Task, Results]]


def train_tasks(
    folder: Path, wanted: Sequence[Task], *, processes: int, minutes: float, report: Callable[[str], None]
) -> None:
    """Train what is not kept yet; end with the first task that is complete after `minutes`."""
    began = time.monotonic()
    trainer = Trainer(ArrayStore(folder), num_processes=processes, report=report)
    for row, _ in trainer.train([_row(task) for task in wanted]):
        report(f"── {row.name} is complete, {time.monotonic() - began:.0f} s")
        if time.monotonic() - began > 60.0 * minutes:
            report(f"{minutes:g} minutes are over")
            return


def complete_tasks(folder: Path, wanted: Sequence[Task]) -> Done:
    """Return the tasks of which every cell is kept, with their results."""
    store, done = ArrayStore(folder), []
    for task in wanted:
        results = _kept(store, task)
        if results is not None:
            done.append((task, results))
    return done


def _kept(store: ArrayStore, task: Task) -> Results | None:
    results: dict[str, Result] = {}
    while True:
        missing = [cell for cell in task.plan(results) if cell.key() not in results]
        if not missing:
            return results
        for cell in missing:
            result = store.load(cell)
            if result is None:
                return None
            results[cell.key()] = result


def _row(task: Task) -> Row:
    return Row(task.name, task.expected, "", lambda results: list(task.plan(results)), _unjudged)


def _unjudged(_results: Results) -> tuple[list[Check], list[Panel]]:
    return [], []
