"""Next runs of an answer as a table that a sweep script can read, one row per setting and LR."""

from __future__ import annotations

import csv
import io

from muscope.backend.spreadsheet import without_formula
from muscope.backend.sweeps.answers.answer import NextRun, SweepAnswer
from muscope.backend.sweeps.words import judged_runs


def run_table(answer: SweepAnswer) -> str:
    """Return the runs of all arms as CSV, the judged arm's first."""
    runs = judged_runs(answer)
    names = list(dict.fromkeys(name for run in runs for name in (*run.arm, *run.levels)))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([*map(without_formula, names), "lr", "seeds", "settles", "purpose", "relative_cost"])
    writer.writerows(_row(run, names) for run in runs)
    return file.getvalue()


def _row(run: NextRun, names: list[str]) -> list[str]:
    levels: dict[str, float | str] = {**run.arm, **run.levels}
    cells = [levels.get(name, "") for name in names]
    return [
        *(str(without_formula(cell)) if isinstance(cell, str) else f"{cell:.10g}" for cell in cells),
        f"{run.lr:.10g}",
        str(run.num_seeds),
        str(int(run.settles)),
        run.purpose,
        f"{run.relative_cost:g}",
    ]
