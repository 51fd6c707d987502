"""Report on the simulated cases: error rates, coverage, and the share of each outcome by truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from muscope.backend.domain.verdict.verdict import RULE_VERSION, Outcome
from studies.calibration.sections import Goal, Section, Table
from studies.calibration.simulated.cases import NUM_SEEDS, THRESHOLDS, WIDTHS, draw
from studies.calibration.simulated.judged import Covered, Judged
from studies.calibration.truth import CLAIMS, NEAR
from studies.page.checks import at_least, at_most, percent
from studies.page.figures import Line, Panel, shades

FALSE_CLAIMS_GOAL, COVERAGE_GOAL, FOUND_GOAL = 5.0, 88.0, 75.0  # percent
POWER = "simulated_power"
_SHIFT_BINS = np.arange(0.0, 3.01, 0.25)
_REGRET_BINS = np.array([0.0, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.4, 1.0])
_LEAST_IN_BIN = 10
OPEN = Outcome.INCONCLUSIVE
_SHOWN = (Outcome.TRANSFERS, Outcome.FINE_TUNE, Outcome.DOES_NOT_TRANSFER, Outcome.INCONCLUSIVE)
_BIAS = """
M1 compares vertices of parabolas through three points of the grid. Without any noise the distance of the
vertices differs from that of the optima by {middle:.2f} octaves in the median, {high:.2f} in one case of
ten: curves here are up to 2.7 times steeper above the optimum than below. More seeds narrow the interval
around the vertices, and so it covers the optima less often.
"""


def report(cases: Sequence[Judged], made: str) -> tuple[Section, list[Panel]]:
    """Return the section and the panels of its figure."""
    outside = [one for one in cases if one.true_outcome is not Outcome.TRANSFERS]
    near = [one for one in outside if one.strain <= NEAR]
    words = (
        f"{len(cases)} experiments of {len(WIDTHS)} widths, span {WIDTHS[-1] // WIDTHS[0]}, 3, 5 or 8 "
        "seeds, grids of one or half an octave; a tenth lacks runs, others have a target that diverges at "
        "the reused LR, a base optimum at the edge, losses that differ, or no sharpness. The truth is the "
        "cost of the LR the verdict names, at the largest size on the loss that decides, from expected "
        "losses. Half of the cases lie within a factor 1.5 of the limit by design. Those with eight seeds "
        "are settled too, with up to 48. "
        f"{len(outside)} of them do not transfer within the thresholds, {len(near)} of these by less than a "
        f"factor {NEAR:g}. Rule version {RULE_VERSION}.",
    )
    tables = (_outcomes(cases), _errors(cases), _settled(cases), _coverage(cases))
    section = Section(
        "simulated", "truth is known", (*words, _bias(cases)), _goals(cases, outside), tables, (POWER,), made
    )
    return section, power_panels(cases)


def _goals(cases: Sequence[Judged], outside: Sequence[Judged]) -> tuple[Goal, ...]:
    claims = percent([one.outcome in CLAIMS for one in outside])
    settled = [one for one in cases if one.settled is not None and not one.num_missing]
    false = [one.settled in CLAIMS for one in settled if one.true_outcome is not Outcome.TRANSFERS]
    found = [one.settled in CLAIMS for one in settled if one.true_outcome is Outcome.TRANSFERS]
    goals = [
        Goal(
            "simulated_settled_false",
            at_most('settled: false "transfers", %', percent(false), FALSE_CLAIMS_GOAL, "rules too lax"),
        ),
        Goal(
            "simulated_settled_found",
            at_least(
                'settled: "transfers" found of what transfers, %',
                percent(found),
                FOUND_GOAL,
                "half of the cases lie within a factor 1.5 of the limit",
            ),
        ),
        Goal(
            "simulated_false_transfers",
            at_most(
                'false "transfers", % of what does not transfer', claims, FALSE_CLAIMS_GOAL, "rules too lax"
            ),
        ),
    ]
    for name, text, kind in (
        ("m1", "M1 interval covers the true shift, % (worst of 3, 5, 8 seeds)", "shift"),
        ("m2", "M2 interval covers the true regret, % (worst of 3, 5, 8 seeds)", "regret"),
    ):
        worst = min(percent([one.holds for one in intervals(cases, kind, seeds)]) for seeds in NUM_SEEDS)
        why = (
            "the vertex of three points is biased"
            if kind == "shift"
            else "intervals without width, see below"
        )
        goals.append(Goal(f"simulated_coverage_{name}", at_least(text, worst, COVERAGE_GOAL, why)))
    return tuple(goals)


def intervals(cases: Sequence[Judged], kind: str, num_seeds: int) -> list[Covered]:
    """Return the intervals of a kind of all cases with this many seeds."""
    found = [getattr(one, f"{kind}_interval") for one in cases if one.num_seeds == num_seeds]
    return [one for one in found if one is not None]


def _outcomes(cases: Sequence[Judged]) -> Table:
    head = ("truth", "cases", *(outcome.value.replace("_", " ") for outcome in Outcome))
    rows = []
    for truth in _SHOWN:
        of_truth = [one for one in cases if one.true_outcome is truth]
        shares = (f"{percent([one.outcome is said for one in of_truth]):.1f}" for said in Outcome)
        name = "none of these" if truth is Outcome.INCONCLUSIVE else truth.value.replace("_", " ")
        rows.append((name, str(len(of_truth)), *shares))
    return Table("What is said, in % of the cases with that truth", head, tuple(rows))


def _errors(cases: Sequence[Judged]) -> Table:
    groups: dict[str, Callable[[Judged], bool]] = {f"{n} seeds": _has_seeds(n) for n in NUM_SEEDS}
    groups["within a factor 1.5 of the line"] = lambda one: 1 / NEAR <= one.strain <= NEAR
    groups["further away"] = lambda one: not 1 / NEAR <= one.strain <= NEAR
    groups["runs are missing"] = lambda one: one.num_missing > 0
    rows = []
    for name, belongs in groups.items():
        group = [one for one in cases if belongs(one)]
        false = [one.outcome in CLAIMS for one in group if one.true_outcome is not Outcome.TRANSFERS]
        denied = [one.outcome is Outcome.DOES_NOT_TRANSFER for one in group if not _fails(one)]
        found = [one.outcome in CLAIMS for one in group if one.true_outcome is Outcome.TRANSFERS]
        open_ = [one.outcome is Outcome.INCONCLUSIVE for one in group]
        numbers = (f"{percent(flags):.1f}" for flags in (false, denied, found, open_))
        rows.append((name, str(len(group)), *numbers))
    head = (
        "cases", "number", "false \"transfers\", %", "false \"does not transfer\", %",
        "transfer found, % of what transfers", "inconclusive, %",
    )  # fmt: skip
    return Table("Errors and what they cost", head, tuple(rows))


_STRAINS = ((0.0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1.0), (1.0, NEAR), (NEAR, 3.0), (3.0, math.inf))


def _settled(cases: Sequence[Judged]) -> Table:
    """Return what settling changes, by the cost in units of its limit; of cases with eight seeds."""
    rows = []
    of_eight = [one for one in cases if one.settled is not None and not one.num_missing]
    for low, high in _STRAINS:
        group = [one for one in of_eight if low < one.strain <= high or (low == 0 == one.strain)]
        said = [
            [
                percent([outcome in CLAIMS for outcome in outcomes]),
                percent([outcome is OPEN for outcome in outcomes]),
            ]
            for outcomes in ([one.outcome for one in group], [one.settled for one in group])
        ]
        share = 100.0 * float(np.median([one.share for one in group])) if group else math.nan
        numbers = (f"{number:.0f}" for number in (*said[0], *said[1], share))
        rows.append((f"{low:.2f} to {high:.2f}", str(len(group)), *numbers))
    head = (
        "cost over its limit", "cases", "transfers, full grid, %", "open, full grid, %",
        "transfers, settled, %", "open, settled, %", "compute of the full grid, median, %",
    )  # fmt: skip
    return Table("What the settle stage decides (eight seeds, up to 48)", head, tuple(rows))


def _has_seeds(num_seeds: int) -> Callable[[Judged], bool]:
    return lambda one: one.num_seeds == num_seeds


def _fails(one: Judged) -> bool:
    return one.true_outcome is Outcome.DOES_NOT_TRANSFER


def _coverage(cases: Sequence[Judged]) -> Table:
    rows = []
    fine = [one for one in cases if _is_fine(one)]
    for kind, name, of in (
        ("shift", "M1 against the distance of the true optima", cases),
        ("vertex", "M1 against the vertices of the expected losses on the grid", cases),
        ("regret", "M2 against the true regret on the grid", cases),
        ("regret", "the same on half octaves, where losses are read from parabolas", fine),
    ):
        for num_seeds in NUM_SEEDS:
            found = intervals(of, kind, num_seeds)
            both = percent([one.holds for one in found])
            upper = percent([one.true <= one.high + 1e-9 for one in found])
            points = percent([one.is_point for one in found])
            width = float(np.median([one.high - one.low for one in found])) if found else math.nan
            row = (
                name,
                num_seeds,
                len(found),
                f"{both:.1f}",
                f"{upper:.1f}",
                f"{points:.1f}",
                f"{width:.3g}",
            )
            rows.append(tuple(str(cell) for cell in row))
    head = (
        "interval",
        "seeds",
        "number",
        "covers, %",
        "upper end holds, %",
        "without width, %",
        "median width",
    )
    return Table(
        f"Coverage at a nominal {100 * THRESHOLDS.level:g}%, largest size, validation loss", head, tuple(rows)
    )


def _is_fine(one: Judged) -> bool:
    """Tell whether a case has LRs closer than an octave."""
    first, second = draw(one.index).log2_lrs[:2]
    return bool(second - first < 1.0)


def _bias(cases: Sequence[Judged]) -> str:
    """Say how far the vertices of the expected losses are from their optima: an error no seed takes away."""
    pairs = [(one.vertex_interval, one.shift_interval) for one in cases]
    bias = [
        abs(vertex.true - shift.true) for vertex, shift in pairs if vertex is not None and shift is not None
    ]
    middle, high = np.quantile(bias, [0.5, 0.9]) if bias else (math.nan, math.nan)
    return " ".join(_BIAS.format(middle=middle, high=high).split())


def power_panels(cases: Sequence[Judged]) -> list[Panel]:
    """Draw how often each outcome is said along the true shift and regret; 5 seeds, nothing missing."""
    whole = [one for one in cases if one.num_missing == 0 and one.num_seeds == NUM_SEEDS[1]]
    shift = np.array([abs(one.shift) for one in whole])
    regret = np.array([one.regret for one in whole])
    by_shift, by_regret = _shares(whole, shift, _SHIFT_BINS), _shares(whole, regret, _REGRET_BINS, 100.0)
    return [
        Panel("by true shift", "|shift|, octaves", "share of verdicts", by_shift, log_y=False),
        Panel("by true regret", "regret, %", "share of verdicts", by_regret, log_x=True, log_y=False),
    ]


def _shares(
    cases: Sequence[Judged], values: np.ndarray, bins: np.ndarray, unit: float = 1.0
) -> tuple[Line, ...]:
    indices = np.digitize(values, bins) - 1
    lines = []
    for outcome, shade in zip(_SHOWN, shades(len(_SHOWN)), strict=True):
        said = np.array(
            [one.outcome is outcome or (outcome in CLAIMS and one.outcome in CLAIMS) for one in cases]
        )
        counted = [k for k in range(len(bins) - 1) if (indices == k).sum() >= _LEAST_IN_BIN]
        x = [unit * float(values[indices == k].mean()) for k in counted]
        y = [float(said[indices == k].mean()) for k in counted]
        lines.append(Line(outcome.value.replace("_", " "), x, y, shade, "o-"))
    return tuple(lines)
