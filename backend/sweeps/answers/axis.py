"""Answer of one arm on one axis: its strata compared, put together, and said."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from muscope.backend.analysis.reasons import reason
from muscope.backend.analysis.verdict.rules import SEVERITY
from muscope.backend.domain.verdict.statement import Outcome, Reason
from muscope.backend.sweeps.answers.answer import AxisAnswer, SweepComparison
from muscope.backend.sweeps.answers.costing import Yardstick
from muscope.backend.sweeps.answers.decide import Judged, four_digits, judged
from muscope.backend.sweeps.answers.next_runs import next_runs
from muscope.backend.sweeps.answers.pool import level_text, pooled
from muscope.backend.sweeps.answers.strata import SHAPE_AXES, Columns, Stratum, strata_of, varied
from muscope.backend.sweeps.measures.curves import SAME_LR, Curve
from muscope.backend.sweeps.measures.noise import Noise
from muscope.backend.sweeps.measures.pair import measure
from muscope.backend.sweeps.reading.runs import Level

_OPEN = Outcome.INCONCLUSIVE


def judge_axis(
    arm: dict[str, str], curves: list[Curve], axis: str, columns: Columns, noise: Noise, by: Yardstick
) -> AxisAnswer | None:
    is_ordered = axis in columns.axes
    strata = strata_of(curves, axis, columns)
    if not is_ordered:
        strata = [s for s in strata if sum(curve.is_swept for curve in s.curves.values()) > 1]
    if not strata:
        return _not_held(axis, curves, columns) if is_ordered else None
    pairs: dict[tuple[Level, Level], list[Judged]] = {}
    for stratum in strata:
        for each in _pairs_of(stratum, noise, by, is_ordered=is_ordered):
            pairs.setdefault((each.said.base, each.said.target), []).append(each)
    largest = {base: max(_rank(target) for b, target in pairs if b == base) for base, _ in pairs}
    comparisons = tuple(
        pooled(each, by, is_target=not is_ordered or _rank(target) == largest[base])
        for (base, target), each in pairs.items()
    )
    return _axis_answer(
        arm,
        axis,
        strata,
        comparisons,
        [j for each in pairs.values() for j in each],
        noise,
        is_ordered=is_ordered,
    )


def _rank(level: Level) -> float:
    return level if isinstance(level, float) else 0.0


def _pairs_of(stratum: Stratum, noise: Noise, by: Yardstick, *, is_ordered: bool) -> list[Judged]:
    """Return the comparisons of a stratum: of the smallest swept value with all larger ones, or both ways."""
    values = list(stratum.curves)
    base = next((value for value in values if stratum.curves[value].is_swept), values[0])
    others = (
        values[values.index(base) + 1 :]
        if is_ordered
        else [v for v in values if v != base and stratum.curves[v].is_swept]
    )
    ways = [(base, other) for other in others]
    if not is_ordered:
        ways += [(other, base) for other in others]
    return [
        judged(
            measure(stratum.curves[one], stratum.curves[other], noise, by.initial, by.limits),
            by,
            (one, other),
            stratum.held,
            stratum.loose,
            is_target=not is_ordered or other == values[-1],
        )
        for one, other in ways
    ]


def _not_held(axis: str, curves: Sequence[Curve], columns: Columns) -> AxisAnswer | None:
    """Return the answer to an axis that never varies alone; none where its size is answered."""
    if axis != "size":
        names = ", ".join(name for name in varied(curves, columns.names) if name != axis)
        return AxisAnswer(
            axis=axis,
            is_ordered=True,
            outcome=_OPEN,
            rule="cannot_hold",
            is_provisional=True,
            held=(),
            comparisons=(),
            reasons=(reason("cannot_hold", axis=axis, names=names),),
        )
    return None


def _axis_answer(
    arm: dict[str, str],
    axis: str,
    strata: Sequence[Stratum],
    comparisons: tuple[SweepComparison, ...],
    each: Sequence[Judged],
    noise: Noise,
    *,
    is_ordered: bool,
) -> AxisAnswer:
    deciding = _deciding(comparisons)
    worst = max(deciding, key=lambda c: SEVERITY[c.outcome])
    reasons = [*_worse_with_size(axis, strata, noise), *_missing_cells(strata)] if is_ordered else []
    return AxisAnswer(
        axis=axis,
        is_ordered=is_ordered,
        outcome=worst.outcome,
        rule=worst.rule,
        is_provisional=any(c.is_provisional for c in deciding),
        slope=_slope(each) if is_ordered else None,
        held=tuple(dict.fromkeys(name for s in strata for name in s.held)),
        comparisons=comparisons,
        reasons=tuple(reasons),
        next_runs=next_runs(arm, axis, each, is_open=worst.outcome is _OPEN),
    )


def _deciding(comparisons: Sequence[SweepComparison]) -> list[SweepComparison]:
    """Return the comparisons that decide: each base's largest value, and smaller ones that are shown to fail.

    Runs without a sweep at the base say nothing, so they leave the answer of the others as it is; an open
    comparison counts where no answered one reaches as far.
    """
    found = [c for c in comparisons if c.is_target or c.outcome is Outcome.DOES_NOT_TRANSFER]
    swept = [c for c in found if c.rule != "base_not_swept"] or found
    answered = [c for c in swept if c.outcome is not _OPEN]
    reach = max((_rank(c.target) for c in answered), default=-math.inf)
    return [c for c in swept if c.outcome is not _OPEN or _rank(c.target) > reach]


def _worse_with_size(axis: str, strata: Sequence[Stratum], noise: Noise) -> list[Reason]:
    """Return the plain statement that the largest model is worse at the reused LR than a smaller one.

    It is made for the stratum with the most sizes, whether or not the base was swept.
    """
    if axis not in SHAPE_AXES:
        return []
    longest = max(strata, key=lambda s: len(s.curves))
    base = next((c for c in longest.curves.values() if c.is_swept), next(iter(longest.curves.values())))
    at_lr = _losses_at_best_of(base, longest)
    if len(at_lr) < 2:
        return []
    lowest, last = min(at_lr, key=lambda v: at_lr[v]), max(at_lr, key=_rank)
    if lowest == last:
        return []
    is_shown = not at_lr[last] - at_lr[lowest] <= noise.half_width(2.0, 0.9)
    best = base.optimum
    assert best is not None
    params: dict[str, str | float] = {
        "lr": four_digits(base.lrs[best.index]),
        "smaller": level_text(lowest),
        "low": four_digits(at_lr[lowest]),
        "larger": level_text(last),
        "high": four_digits(at_lr[last]),
    }
    return [reason("worse_with_size" if is_shown else "worse_with_size_unsure", **params)]


def _missing_cells(strata: Sequence[Stratum]) -> list[Reason]:
    """Return the note on LRs that were run at one swept value and not at another, in one stratum."""
    total = missing = 0
    for stratum in strata:
        curves = [curve for curve in stratum.curves.values() if curve.is_swept]
        grid = {round(float(log2_lr) / SAME_LR) for curve in curves for log2_lr in curve.log2_lrs}
        total += len(grid) * len(curves)
        missing += sum(len(grid) - len(curve.log2_lrs) for curve in curves)
    return [reason("missing_cells", count=missing, total=total)] if missing > 0 else []


def _losses_at_best_of(base: Curve, stratum: Stratum) -> dict[Level, float]:
    """Return the loss by value of the axis at the base's best LR, of values that were run there."""
    best = base.optimum
    if best is None:
        return {}
    log2_lr = float(base.log2_lrs[best.index])
    indices = {value: curve.index_of(log2_lr) for value, curve in stratum.curves.items()}
    found = {v: float(stratum.curves[v].means[i]) for v, i in indices.items() if i is not None}
    return {value: loss for value, loss in found.items() if math.isfinite(loss)}


def _slope(each: Sequence[Judged]) -> float | None:
    """Return the octaves of the best LR per doubling of the axis, least squares through the bases."""
    x, y = [], []
    for one in each:
        shift = one.said.measures.shift
        if shift is None or one.said.measures.is_lower_bound:
            continue
        x.append(math.log2(_rank(one.said.target) / _rank(one.said.base)))
        y.append(shift)
    if not x:
        return None
    return round(float(np.dot(x, y) / np.dot(x, x)), 3) + 0.0
