"""Expected number of extra runs per group beyond the expected path: wider windows, all seeds of a control.

A window ends up as wide as the spread of the optima of single seeds, so the next size is expected to need the
window of smaller ones, shifted by the drift of the optimum they show. Fitted on replays of cases 0-119 of the
calibration study, to be within 20% of the remaining work as often as possible (docs/log.md 2026-11-24). Those
cases train by SGD. Under Adam optima move less and the control seldom fails, as 13 tables showed (docs/log.md
2026-11-28): a widening that happens at one size of five is not counted there at any.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from muscope.backend.domain.protocol.evidence import CellGroup, Evidence, GroupStatistics, base_group
from muscope.backend.domain.protocol.lr_grid import LRGrid
from muscope.backend.domain.spec.experiment import (
    ExperimentSpec,
    Protocol,
    base_size,
    controls_of,
)
from muscope.backend.domain.spec.optimizer import UpdateFamily
from muscope.backend.domain.spec.size import Axis, Size, axis_of

# Octaves of LRs beyond the first window: minimum, and per octave of expected distance between the optima.
AT_BEST, PER_OCTAVE_APART = 0.3, 0.15
# The same while the base's optimum is unknown.
BEFORE_THE_BASE = 0.5
# Further LRs once a window was widened: it grows LR by LR, so a finer grid adds fewer octaves. With LRs half
# an octave apart, 2 of 12 windows on tables were widened a second time (docs/log.md 2026-11-28).
ONCE_WIDENED_LRS = 0.8
# Further runs of the control as a share of those planned or expected: before and after its first look.
CONTROL_EXTRA, CONTROL_LATER = 0.26, 0.13
# Octaves by which a control's first window is widened under Adam: it was on 10 of 13 tables.
CONTROL_WIDER = 1.0
# Doublings² at which an observed drift gets a weight of one half.
HALF_BELIEVED = 1.0


class OptimumSpan(NamedTuple):
    """Octaves from the reused LRs down to the lowest and up to the highest best LR of a seed.

    `doublings`: from the base to the size at which it was observed, or is expected.
    """

    doublings: float
    below: float
    above: float

    @property
    def apart(self) -> float:
        """Return the octaves of the span outside the reused LRs."""
        return max(0.0, self.below) + max(0.0, self.above)


def further_runs(spec: ExperimentSpec, evidence: Evidence, group: CellGroup, num_runs: int) -> float:
    """Return the expected runs without curvature of a group beyond those planned and on the expected path.

    The base's window is its whole grid. Groups that are decided are not passed in.

    Args:
        num_runs: open or on the expected path, without curvature.
    """
    if spec.protocol is Protocol.FULL or group == base_group(spec, group):
        return 0.0
    lrs = spec.under(group.scenario).arm(group.parametrization).lrs
    octaves = abs(math.log2(max(lrs) / min(lrs)))
    if octaves == 0:
        return 0.0
    per_octave = (len(lrs) - 1) / octaves
    if group.parametrization in controls_of(spec):
        return _further_of_control(spec, evidence, group, num_runs, per_octave)
    expected = _further_lrs(spec, evidence, group, per_octave)
    is_likely = fails_early(spec) or expected >= 1.0
    return expected * len(spec.seeds) if is_likely else 0.0


def fails_early(spec: ExperimentSpec) -> bool:
    """Return whether the control is likely to be shown worse at its first look, by a few seeds.

    Under SGD it is; under Adam it was on 3 of 13 tables.
    """
    return spec.optimizer.family is UpdateFamily.SGD


def _further_of_control(
    spec: ExperimentSpec, evidence: Evidence, group: CellGroup, num_runs: int, per_octave: float
) -> float:
    """Return the further runs of a control; under Adam those with all seeds are on the expected path."""
    known = evidence.at(group)
    if fails_early(spec):
        return num_runs * (CONTROL_LATER if known.statistics != GroupStatistics() else CONTROL_EXTRA)
    has_spoken = known.statistics != GroupStatistics() or _is_widened(spec, evidence, group)
    is_first = not has_spoken and all(seed != spec.seeds[-1] for _, seed in known.planned)
    return CONTROL_WIDER * per_octave * len(spec.seeds) if is_first else 0.0


def _further_lrs(spec: ExperimentSpec, evidence: Evidence, group: CellGroup, per_octave: float) -> float:
    lrs = spec.under(group.scenario).arm(group.parametrization).lrs
    seen = optimum_spans(spec, evidence, group, lrs)
    if not seen:
        return BEFORE_THE_BASE * per_octave if fails_early(spec) else 0.0
    if evidence.at(group).statistics != GroupStatistics() or _is_widened(spec, evidence, group):
        return ONCE_WIDENED_LRS
    apart = expected_span(seen, _doublings(spec, group.size)).apart
    return (AT_BEST + PER_OCTAVE_APART * apart) * per_octave


def _is_widened(spec: ExperimentSpec, evidence: Evidence, group: CellGroup) -> bool:
    """Return whether more LRs are planned than the first window has, with one to compare sharpness at."""
    lrs = spec.under(group.scenario).arm(group.parametrization).lrs
    best = evidence.at(base_group(spec, group)).statistics.best.values()
    tried = {lr_index for lr_index, _ in evidence.at(group).planned}
    return bool(best) and len(tried) > len(LRGrid(tuple(lrs)).around_all(best)) + 1


def optimum_spans(
    spec: ExperimentSpec, evidence: Evidence, group: CellGroup, lrs: Sequence[float]
) -> list[OptimumSpan]:
    """Return the spans observed at the base and at the sizes on this group's axis.

    Sizes tell nothing of how the optimum moves with batch and steps.
    """
    if group.scenario.is_step_up:
        return []
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
        best = [logs[index] for index in known.statistics.best.values()]
        found.append(OptimumSpan(_doublings(spec, other.size), low - min(best), max(best) - high))
    return sorted(found)


def expected_span(seen: Sequence[OptimumSpan], doublings: float) -> OptimumSpan:
    """Extrapolate the observed drift per doubling to a size, shrunk towards zero for few observations."""
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
