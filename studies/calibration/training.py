"""Training of listed tasks and trials while time is left; results are kept on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from studies.calibration.kept import ArrayStore, Cell
from studies.cells.jobs import Result, Results
from studies.cells.pool import Trainer
from studies.cells.row import Row
from studies.page.checks import Check
from studies.page.figures import Panel


class Trained(Protocol):
    """Task of the row `real` or trial of the row `recipes`: cells that are trained in stages."""

    @property
    def name(self) -> str:
        """Return a name for messages."""

    def plan(self, results: Results) -> Iterable[Cell]:
        """Return the cells known to be needed once `results` are there."""


AnyTrained = TypeVar("AnyTrained", bound=Trained)


def train_listed(
    folder: Path, wanted: Sequence[Trained], *, processes: int, minutes: float, report: Callable[[str], None]
) -> None:
    """Train what is not kept yet; end with the first of them that is complete after `minutes`."""
    began = time.monotonic()
    trainer = Trainer(ArrayStore(folder), num_processes=processes, report=report)
    for row, _ in trainer.train([_row(each) for each in wanted]):
        report(f"── {row.name} is complete, {time.monotonic() - began:.0f} s")
        if time.monotonic() - began > 60.0 * minutes:
            report(f"{minutes:g} minutes are over")
            return


def complete(folder: Path, wanted: Sequence[AnyTrained]) -> list[tuple[AnyTrained, Results]]:
    """Return those of which every cell is kept, with their results."""
    store = ArrayStore(folder)
    found = ((each, _kept(store, each)) for each in wanted)
    return [(each, results) for each, results in found if results is not None]


def _kept(store: ArrayStore, wanted: Trained) -> Results | None:
    results: dict[str, Result] = {}
    while True:
        missing = [cell for cell in wanted.plan(results) if cell.key() not in results]
        if not missing:
            return results
        for cell in missing:
            result = store.load(cell)
            if result is None:
                return None
            results[cell.key()] = result


def _row(wanted: Trained) -> Row:
    return Row(wanted.name, "", "", lambda results: list(wanted.plan(results)), _unjudged)


def _unjudged(_results: Results) -> tuple[list[Check], list[Panel]]:
    return [], []
