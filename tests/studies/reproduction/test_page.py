from __future__ import annotations

import math

import pytest

from studies.page.checks import at_most, more_than
from studies.page.figures import Line, Panel, draw
from studies.reproduction.findings import Finding
from studies.reproduction.page import load, page, save

KEPT = at_most("µP: spread", 0.2, 0.4, "too wide")
MISSED = more_than("NTP: shift", 0.5, 1.0, "too short", is_bound=True)
FINDING = Finding("f1", "µP transfers.", "small.", (KEPT, MISSED), 12.0)


def test_a_row_ends_as_a_line_of_kept_limits_and_all_limits():
    assert FINDING.line() == "f1 1 2 short"
    assert Finding("f1", "", "", (KEPT,), 1.0).line() == "f1 1 1 ok"


@pytest.mark.parametrize("measured", [math.nan, math.inf])
def test_what_is_unknown_or_diverged_keeps_no_upper_limit(measured):
    assert not at_most("", measured, 1.0, "").holds


def test_a_missed_limit_is_on_the_page_with_its_reason():
    text = page({"f1": FINDING}, ["f1", "f2"])

    assert "| µP: spread | 0.20 | ≤ 0.40 | yes |" in text
    assert "| NTP: shift | ≥ 0.50 | > 1.00 | **no** |" in text
    assert "**does not hold here** (1 of 2) | NTP: shift: too short |" in text
    assert "| f2 | | | not run yet | `make reproduce ONLY=f2` |" in text


def test_findings_are_the_same_after_they_were_kept(tmp_path):
    path = tmp_path / "findings.json"
    diverged = Finding("f2", "", "", (at_most("", math.inf, 1.0, ""),), 1.0)

    save(path, {"f2": diverged, "f1": FINDING}, ["f1", "f2"])

    assert load(path) == {"f1": FINDING, "f2": diverged}
    assert load(tmp_path / "none.json") == {}


def test_a_figure_is_the_same_bytes_every_time(tmp_path):
    line = Line("N = 16", [0.0, 1.0, 2.0], [1.0, math.nan, 4.0], 0.5)
    panels = [Panel("µP", "step", "λ", (line,)), Panel("NTP", "step", "λ", (line,), log_x=True)]

    draw(panels, tmp_path / "one.svg")
    draw(panels, tmp_path / "two.svg")

    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert "N = 16" in (tmp_path / "one.svg").read_text("utf-8")
