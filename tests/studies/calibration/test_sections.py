"""The page of the study: what is missed is said, what was not run is named, and nothing is lost on disk."""

from __future__ import annotations

import math

from studies.calibration.sections import Goal, Section, Table, load, page, save
from studies.page.checks import at_least, at_most

KEPT = Goal("real_wrong", at_most("wrong claims", 0.0, 0.0, ""))
MISSED = Goal("real_coverage", at_least("covers, %", 71.25, 88.0, "biased"))
PART = Section(
    "real",
    "trained",
    ("Words.",),
    (KEPT, MISSED),
    (Table("T | t", ("a", "b"), (("1", "x|y"),)),),
    ("fig",),
    "now",
)


def test_a_goal_ends_as_a_line_with_its_value_its_limit_and_whether_it_is_met():
    assert KEPT.line() == "real_wrong 0 0 ok"
    assert MISSED.line() == "real_coverage 71.25 88 short"


def test_a_missed_goal_is_on_the_page_with_its_reason_and_a_part_without_results_is_named():
    text = page({"real": PART}, ["simulated", "real"])

    assert "| covers, % | 71.25 | ≥ 88 | **no** | biased |" in text
    assert "Not run yet: `make calibrate ONLY=simulated`" in text
    assert "| 1 | x\\|y |" in text
    assert "![fig](fig.svg)" in text


def test_parts_are_the_same_after_they_were_kept_and_in_order(tmp_path):
    unknown = Goal("real_bound", at_most("bound", math.nan, 5.0, "none"))
    parts = {"real": PART, "simulated": Section("simulated", "", (), (unknown,), (), (), "now")}

    save(tmp_path / "parts.json", parts, ["simulated", "real"])
    kept = load(tmp_path / "parts.json")

    assert list(kept) == ["simulated", "real"]
    assert kept["real"] == PART
    assert math.isnan(kept["simulated"].goals[0].check.measured)
    assert load(tmp_path / "nothing.json") == {}
