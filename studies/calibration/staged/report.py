"""Report on the replays: share of verdicts equal to the full grid's, and compute saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from muscope.backend.domain.verdict.verdict import RULE_VERSION, Outcome
from studies.calibration.sections import Goal, Section, Table
from studies.calibration.staged.compared import Compared
from studies.calibration.truth import CLAIMS
from studies.page.checks import at_least, at_most, percent
from studies.page.figures import Line, Panel, shades

FIGURE = "staged_share"
SAME_GOAL, SHARE_GOAL = 95.0, 25.0  # percent
# A plan of the product always holds a control; tasks without one are shown, and promise nothing.
WITH_GOALS = ("simulated", "real")

Groups = dict[str, Sequence[Compared]]

_SHARE_WHY = "windows widen as optima move, and sharpness, which stages leave out, is cheaper than by default"
_WORDS = """
What the staged protocol asks for is answered from the full grid, so that both verdicts rest on the same
numbers. Compute is predicted by `muscope.backend.domain.cost.predict` for both. Simulated experiments have a
control beside the judged arm and the settings of the default plan; real tasks have their control where
it was trained as well; those without one (`real_alone`) are no plan of the product and are shown only.
Rule version {version}.
"""


def report(groups: Groups, made: str) -> tuple[Section, list[Panel]]:
    """Return the section and the panels of its figure, from comparisons by kind."""
    words = " ".join(_WORDS.format(version=RULE_VERSION).split())
    goals = tuple(goal for name in WITH_GOALS for goal in _goals(name, groups.get(name, ())))
    differences = [_differences(name, compared) for name, compared in groups.items()]
    tables, title = (_summary(groups), *differences), "stages against the full grid"
    return Section("staged", title, (words,), goals, tables, (FIGURE,), made), [_panel(groups)]


def _goals(name: str, compared: Sequence[Compared]) -> tuple[Goal, ...]:
    same = percent([one.is_same for one in compared])
    share = 100.0 * float(np.median([one.share for one in compared])) if compared else np.nan
    texts = f"{name}: same verdict, %", f"{name}: compute of the full grid, median, %"
    return (
        Goal(f"staged_{name}_same", at_least(texts[0], same, SAME_GOAL, "see the differences below")),
        Goal(f"staged_{name}_share", at_most(texts[1], share, SHARE_GOAL, _SHARE_WHY)),
    )


def _summary(groups: Groups) -> Table:
    rows = [
        (name, outcome.value.replace("_", " "), *_numbers([one for one in compared if one.full is outcome]))
        for name, compared in groups.items()
        for outcome in Outcome
        if any(one.full is outcome for one in compared)
    ]
    head = (
        "experiments", "full verdict", "number", "same, %", 'staged alone says "transfers"',
        "compute, median %", "largest %", "stages, mean",
    )  # fmt: skip
    return Table("By what the full grid says", head, tuple(rows))


def _numbers(compared: Sequence[Compared]) -> tuple[str, ...]:
    shares = 100.0 * np.array([one.share for one in compared])
    return (
        str(len(compared)),
        f"{percent([one.is_same for one in compared]):.1f}",
        str(sum(one.staged in CLAIMS and one.full not in CLAIMS for one in compared)),
        f"{np.median(shares):.1f}",
        f"{shares.max():.1f}",
        f"{np.mean([one.stages for one in compared]):.1f}",
    )


def _differences(name: str, compared: Sequence[Compared]) -> Table:
    found = Counter(
        (one.full.value.replace("_", " "), one.staged.value.replace("_", " "), one.rule)
        for one in compared
        if not one.is_same
    )
    rows = tuple((*pair, str(count)) for pair, count in found.most_common())
    return Table(f"Different verdicts, {name}", ("full", "staged", "rule of the staged one", "number"), rows)


def _panel(groups: Groups) -> Panel:
    lines = []
    for (name, compared), shade in zip(groups.items(), shades(max(2, len(groups))), strict=False):
        shares = np.sort([one.share for one in compared])
        below = (np.arange(len(shares)) + 1) / max(1, len(shares))
        lines.append(Line(name, (100 * shares).tolist(), below.tolist(), shade))
    goal = Line("goal of the median", [SHARE_GOAL, SHARE_GOAL], [0.0, 1.0], dash=":")
    title, x_label, y_label = "compute of the staged protocol", "% of the full grid", "share of experiments"
    return Panel(title, x_label, y_label, (*lines, goal), log_y=False)
