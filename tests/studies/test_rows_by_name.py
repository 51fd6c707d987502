"""Every program that measures takes the names of its rows and ends with a line for each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.__main__ import main as benchmarks
from studies.calibration.__main__ import main as calibration
from studies.calibration.sections import Goal
from studies.page.checks import at_least, at_most
from studies.reproduction.__main__ import main as reproduction
from studies.reproduction.findings import Finding

ROOT = Path(__file__).resolve().parents[2]
CLOSING = re.compile(r"\S+ \S+ \S+ (ok|short)")
LOW, HIGH = at_least("seen", 0.5, 1.0, "too few"), at_most("lost", 0.5, 1.0, "too many")


@pytest.mark.parametrize("study", [calibration, reproduction])
def test_a_study_refuses_a_row_that_there_is_not_and_names_those_there_are(study, capsys):
    with pytest.raises(SystemExit, match="2"):
        study(["no_such_row"])

    assert re.search("no such row: no_such_row; rows: \\w+, \\w+", capsys.readouterr().err)


def test_the_benchmarks_refuse_a_row_that_there_is_not_and_name_those_there_are(capsys):
    assert benchmarks(["no_such_row"]) == 2

    assert re.search("no such row: no_such_row; rows: \\w+, \\w+", capsys.readouterr().err)


@pytest.mark.parametrize("target", ["bench", "calibrate", "reproduce"])
def test_a_target_that_measures_hands_only_on(target):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    [recipe] = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)

    assert re.search(r"python -m \S+ \$\(ONLY\)$", recipe.splitlines()[-1])


@pytest.mark.parametrize("check", [LOW, HIGH])
def test_a_closing_line_has_a_name_a_value_a_goal_and_an_answer(check):
    lines = [
        Goal("row", check).line(),
        Finding("row", "a claim", "a setting", (check,), 1.0).line(),
        report.closing_line("row", report.RowResult("0.5", "1", check.holds)),
    ]

    assert all(CLOSING.fullmatch(line) for line in lines)
    assert {line.split()[-1] for line in lines} == {"ok" if check.holds else "short"}
