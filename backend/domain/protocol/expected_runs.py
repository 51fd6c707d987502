"""What groups come to beyond what is foreseen: windows widen, and a control may need all seeds.

A window ends up as wide as the optima of single seeds lie apart, so the next size is expected to need what
smaller ones needed, moved on by the drift of the optimum that they show. Fitted on replays of cases 0-119 of
the calibration study, to be within 20% of what is left as often as possible (docs/log.md 2026-11-24).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from backend.domain.protocol.evidence import CellGroup, Evidence, GroupStatistics
from backend.domain.protocol.lr_grid import LRGrid
from backend.domain.spec.experiment import ExperimentSpec, Protocol, base_size, chosen_arm, control_for
from backend.domain.spec.size import Axis, Size, axis_of

# Octaves of LRs beyond the first window: at best, and for each octave the optima are expected to lie apart.
AT_BEST, PER_OCTAVE_APART = 0.3, 0.15
# The same while the base's optimum is unknown; where a window has been widened once, it goes on so often.
BEFORE_THE_BASE, ONCE_WIDENED = 0.5, 0.8
# Further runs of the control as a share of those planned or foreseen: before and after its first look.
CONTROL_EXTRA, CONTROL_LATER = 0.26, 0.13
# A drift seen over so many doublings² is believed half.
HALF_BELIEVED = 1.0


class OptimumSpan(NamedTuple):
    """Octaves from the reused LRs down to the lowest and up to the highest that is best for a seed.

    `doublings`: from the base to the size at which that was seen, or is expected.
    """

    doublings: float
    below: float
    above: float

    @property
    def apart(self) -> float:
        """Return what of it lies outside the reused LRs."""
        return max(0.0, self.below) + max(0.0, self.above)


def further_runs(spec: ExperimentSpec, evidence: Evidence, group: CellGroup, num_runs: int) -> float:
    """Return the expected runs without curvature at a group beyond those that are planned and foreseen.

    The base's window is its whole grid, and settled groups are not asked about.

    Args:
        num_runs: without curvature, planned there and open, or foreseen.
    """
    if spec.protocol is Protocol.FULL or group.size == base_size(spec):
        return 0.0
    arm, control = group.parametrization, control_for(spec.loss, spec.optimizer)
    if arm is control and arm is not chosen_arm(spec):
        has_spoken = evidence.at(group).statistics != GroupStatistics()
        return num_runs * (CONTROL_LATER if has_spoken else CONTROL_EXTRA)
    lrs = spec.under(group.scenario).arm(arm).lrs
    octaves = abs(math.log2(max(lrs) / min(lrs)))
    per_octave = (len(lrs) - 1) / octaves if octaves > 0 else 0.0
    return _octaves(spec, evidence, group, lrs) * per_octave * len(spec.seeds)


def _octaves(spec: ExperimentSpec, evidence: Evidence, group: CellGroup, lrs: Sequence[float]) -> float:
    seen = optimum_spans(spec, evidence, group, lrs)
    if not seen:
        return BEFORE_THE_BASE
    best = evidence.at(group._replace(size=base_size(spec))).statistics.best.values()
    tried = {lr_index for lr_index, _ in evidence.at(group).planned}
    if (
        evidence.at(group).statistics != GroupStatistics()
        or len(tried) > len(LRGrid(tuple(lrs)).around_all(best)) + 1
    ):
        return ONCE_WIDENED
    return AT_BEST + PER_OCTAVE_APART * expected_span(seen, _doublings(spec, group.size)).apart


def optimum_spans(
    spec: ExperimentSpec, evidence: Evidence, group: CellGroup, lrs: Sequence[float]
) -> list[OptimumSpan]:
    """Return what is known at the base and at the sizes that grow from it as this group does."""
    base = base_size(spec)
    axis, reused = axis_of(group.size, base), evidence.at(group._replace(size=base)).statistics.best.values()
    logs = [math.log2(lr) for lr in lrs]
    if not reused:
        return []
    low, high = min(logs[index] for index in reused), max(logs[index] for index in reused)
    found = []
    for other, known in evidence.groups.items():
        is_same_way = axis is Axis.BOTH or axis_of(other.size, base) in (None, axis)
        if other[:2] != group[:2] or other == group or not is_same_way or not known.statistics.best:
            continue
        best = [logs[index] for index in {*known.statistics.best.values(), *known.statistics.best_of_seeds}]
        found.append(OptimumSpan(_doublings(spec, other.size), low - min(best), max(best) - high))
    return sorted(found)


def expected_span(seen: Sequence[OptimumSpan], doublings: float) -> OptimumSpan:
    """Extrapolate to a size by the octaves per doubling that the sizes seen show, little by few of them."""
    middle, below, above = (sum(values) / len(seen) for values in zip(*seen, strict=True))
    away = [each.doublings - middle for each in seen]
    scale = (doublings - middle) / (sum(each**2 for each in away) + HALF_BELIEVED)
    drifts = [
        sum(far * value for far, value in zip(away, values, strict=True)) * scale
        for values in ([each.below for each in seen], [each.above for each in seen])
    ]
    return OptimumSpan(doublings, below + drifts[0], above + drifts[1])


def _doublings(spec: ExperimentSpec, size: Size) -> float:
    base = base_size(spec)
    return sum(abs(math.log2(here / there)) for here, there in zip(size, base, strict=True))
