"""Rows of a file that are no runs: left out by the reader, each named in a note of the answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from muscope.backend.catalogue import LANGUAGES, catalogue
from muscope.backend.ingest.rows.columns import LEFT_OUT, numbers_of, read_cells
from muscope.backend.sweeps.table import Options, rows_of
from muscope.backend.sweeps.words import note as note_text

LINES = ["width,lr,loss", *(f"{width},{lr},{3.0 + lr}" for width in (128, 256, 512) for lr in (0.1, 0.2))]


@pytest.mark.parametrize(
    ("lines", "note", "said"),
    [
        (LINES, None, None),
        (
            [*LINES[:3], LINES[0], *LINES[3:], LINES[0]],
            ("repeated_header", {"count": 2}),
            "2 rows repeat the column names",
        ),
        (
            ["Sweep of spring", *LINES],
            ("rows_above", {"count": 1, "text": "Sweep of spring"}),
            "1 rows above the table were left out (last: “Sweep of spring”)",
        ),
        (
            [*LINES, "mean,,3.15", "total,6,"],
            ("rows_below", {"count": 2, "text": "total 6"}),
            "2 rows of totals, means or remarks below the table",
        ),
        (
            [*LINES[:3], "subtotal,,6.3", *LINES[3:]],
            ("subtotals_left_out", {"count": 1}),
            "1 rows of subtotals between the runs",
        ),
    ],
)
def test_rows_that_are_no_runs_are_left_out_and_named(
    tmp_path: Path, lines: list[str], note: tuple[str, dict[str, object]] | None, said: str | None
):
    path = tmp_path / "sweep.csv"
    path.write_text("\n".join(lines) + "\n")

    columns, left_out = read_cells(path)
    rows = rows_of(columns, Options(), numbers_of, left_out)

    of_file = [each for each in rows.notes if f"dataset.{each.code}" in LEFT_OUT]
    assert [(each.code, each.params) for each in of_file] == ([] if note is None else [note])
    assert [(run.levels["width"], run.lr) for run in rows.runs] == [
        (width, lr) for width in (128, 256, 512) for lr in (0.1, 0.2)
    ]
    assert [said in note_text(each, "en") for each in of_file if said is not None] == [True] * len(of_file)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_the_reader_leaves_out_has_a_sentence(language: str):
    assert {f"sweep.note.{code.removeprefix('dataset.')}" for code in LEFT_OUT} <= set(catalogue(language))
