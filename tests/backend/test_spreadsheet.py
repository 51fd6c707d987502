"""Text that a spreadsheet would compute is stored as text; numbers keep every digit."""

from __future__ import annotations

import csv
import io

import pytest

from muscope.backend.spreadsheet import csv_lines, without_formula


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_text_that_begins_like_a_formula_gets_an_apostrophe(begins):
    text = f"{begins}HYPERLINK(1)"
    lines = list(csv_lines(["name"], [[text]]))
    (row,) = csv.reader(io.StringIO(lines[1], newline=""), strict=True)
    assert row == [f"'{text}"]
    assert without_formula(text) == f"'{text}"


@pytest.mark.parametrize("number", [-1.5, 5e-324, 1.7976931348623157e308, -0.0, 0.1 + 0.2, -3])
def test_numbers_stay_numbers_with_every_digit(number):
    (_, line) = csv_lines(["x"], [[number]])
    assert repr(type(number)(line)) == repr(number)
