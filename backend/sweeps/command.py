"""The command `muscope judge`: a file in, text or JSON out, the outcome as the exit status."""

from __future__ import annotations

import sys
from argparse import Namespace
from functools import partial
from pathlib import Path

from muscope.backend.errors import InvalidInput, NotFound
from muscope.backend.ingest.rows.columns import Cells, decimal_of, numbers_of, read_cells
from muscope.backend.ingest.rows.records import columns_of_records
from muscope.backend.sweeps.answers.answer import SweepAnswer
from muscope.backend.sweeps.measures.law import parse_law
from muscope.backend.sweeps.run_table import run_table
from muscope.backend.sweeps.table import Options, judge_columns
from muscope.backend.sweeps.trackers.sources import tracked_runs
from muscope.backend.sweeps.trackers.tracked import Tracked
from muscope.backend.sweeps.words import sentences


def judge(options: Namespace, language: str) -> int:
    """Judge the file the command was called with; return the exit status of its outcome."""
    (columns, left_out), tracked = _cells(options)
    if options.write_back:
        tracked.way_back()  # whoever cannot be told is named before anything is judged
    answer = judge_columns(
        columns,
        Options(
            columns=options.columns,
            arm=options.arm,
            axis=options.axis,
            law=parse_law(options.law),
            initial_loss=options.initial_loss,
        ),
        partial(numbers_of, decimal=decimal_of(columns)),
        left_out,
    )
    said = sentences(answer, options.language or language)
    if options.runs:
        _write_runs(Path(options.runs), answer)
    if options.json:
        print(answer.model_dump_json(indent=2))
    else:
        print("\n".join(said))
    if options.write_back:
        tracked.write_back(answer.outcome, "\n".join(said), _artifact(answer))
    sys.stdout.flush()
    return answer.exit_code


def _artifact(answer: SweepAnswer) -> dict[str, str]:
    """Return the files that go to a tracker with a verdict: the whole answer, and the next runs."""
    return {"verdict.json": answer.model_dump_json(indent=2), "next-runs.csv": run_table(answer)}


def _cells(options: Namespace) -> tuple[Cells, Tracked]:
    """Return the table of a file, or that of a tracker with the way back to it."""
    if bool(options.source) == bool(options.sweep):
        raise InvalidInput("sweep.file_or_source")
    if options.source:
        tracked = tracked_runs(options.source, options.experiment)
        return Cells(columns_of_records(tracked.records)), tracked
    path = Path(options.sweep)
    if not path.is_file():
        raise NotFound("sweep.no_file", path=str(path))
    return read_cells(path), Tracked([], kind="file")


def _write_runs(path: Path, answer: SweepAnswer) -> None:
    try:
        path.write_text(run_table(answer), encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidInput("sweep.runs_not_written", path=str(path), reason=error.strerror or "") from error
