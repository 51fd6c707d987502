"""Group statistics for the protocol: NumPy in, `muscope.backend.domain.protocol.evidence` out (ADR 0021)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.measures.sharpness_spread import MOST_AT_EDGE, edge_share
from muscope.backend.analysis.measures.transfer import Comparison, compare
from muscope.backend.analysis.sweep import TUNED_ON, Losses, Sweep, Values, no_curves
from muscope.backend.analysis.verdict.findings import Finding
from muscope.backend.analysis.verdict.one_size import GRID_TOLERANCE, LOWER_OCTAVES, judge_size
from muscope.backend.domain.protocol.evidence import CellGroup, GroupEvidence, GroupStatistics
from muscope.backend.domain.protocol.lr_grid import LRGrid
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.spec.thresholds import Thresholds
from muscope.backend.domain.verdict.verdict import Outcome

NO_GROUPS: Mapping[CellGroup, GroupEvidence] = MappingProxyType({})
Sweeps = Mapping[tuple[Scenario, Parametrization], Sequence[Sweep]]


def with_statistics(
    groups: Mapping[CellGroup, GroupEvidence],
    sweeps: Sweeps,
    thresholds: Thresholds,
    before: Mapping[CellGroup, GroupEvidence] = NO_GROUPS,
) -> dict[CellGroup, GroupEvidence]:
    """Add the statistics of every cell group that has ended, where its base group has ended too.

    Args:
        sweeps: by (scenario, parametrization), one per axis; an arm without sweeps gets no statistics.
        before: earlier result; statistics of groups that have not changed since are taken from it.
    """
    found: dict[CellGroup, GroupEvidence] = {}
    for group, evidence in groups.items():
        of_arm = sweeps.get((group.scenario, group.parametrization), ())
        sweep = next((each for each in of_arm if group.size in each.sizes), None)
        found[group] = evidence
        if sweep is None or evidence.open:
            continue
        base = group._replace(size=sweep.base)
        if base not in groups or groups[base].open:
            continue
        is_known = all(_is_same(before.get(each), groups[each]) for each in (base, group))
        statistics = before[group].statistics if is_known else statistics_at(sweep, group.size, thresholds)
        found[group] = replace(evidence, statistics=statistics)
    return found


def _is_same(before: GroupEvidence | None, now: GroupEvidence) -> bool:
    return before is not None and not before.open and before.planned == now.planned


def statistics_at(sweep: Sweep, size: Size, thresholds: Thresholds) -> GroupStatistics:
    """Return the statistics of one size of an arm, from the LRs tried there with the seeds planned there."""
    index = sweep.sizes.index(size)
    pair = _pair(sweep, index)
    target = len(pair.sizes) - 1
    found = _usable(pair, target, thresholds)
    optima = {loss: each.base if index == sweep.base_index else each.target for loss, each in found.items()}
    best = {loss: pair.lr_indices[each.index] for loss, each in optima.items() if each is not None}
    reused = [each.base.index for each in found.values() if each.base is not None]
    if not reused:
        return GroupStatistics()
    of_seeds = frozenset(pair.lr_indices[index] for loss in found for index in _seed_best(pair, loss))
    if index == sweep.base_index:
        curvature = pair.lr_indices[_curvature_lr_index(pair, reused[0], thresholds)]
        return GroupStatistics(best, best_of_seeds=of_seeds, curvature_lr=curvature)
    early = early_level(thresholds.level, _looks_before(sweep, index, reused))
    stricter = thresholds.model_copy(update={"level": early})
    case = _Case(pair, reused[0], is_target=index == max(sweep.larger, default=index))
    fails = case.failure(thresholds) is not None
    return GroupStatistics(
        best,
        best_of_seeds=of_seeds,
        fails=fails,
        fails_early=fails and _is_proven(case, found, stricter),
    )


def _seed_best(pair: Sweep, loss: Metric) -> set[int]:
    """Return the indices of the LRs that are best for single seeds, whose optima the intervals use."""
    judged_ES = pair.judged(loss)[-1]
    has_value_S = np.isfinite(judged_ES).any(axis=0)
    return set(np.where(np.isfinite(judged_ES), judged_ES, np.inf)[:, has_value_S].argmin(axis=0).tolist())


class _Case(NamedTuple):
    """Base and one size at the reused LR; `is_target`: the size is the largest of its axis."""

    pair: Sweep
    lr_index: int
    is_target: bool

    def failure(self, thresholds: Thresholds, losses: Sequence[Metric] = ()) -> Finding | None:
        """Return the finding by `losses` alone if reuse is proven to fail, else None."""
        if self.pair.num_seeds < thresholds.min_seeds:
            return None
        pair = replace(
            self.pair, losses={loss: self.pair.losses[loss] for loss in losses or self.pair.losses}
        )
        finding = judge_size(pair, 1, self.lr_index, thresholds, is_target=self.is_target).finding
        return finding if finding.outcome is Outcome.DOES_NOT_TRANSFER else None


def _is_proven(case: _Case, found: Mapping[Metric, Comparison], stricter: Thresholds) -> bool:
    """Return whether a failure holds for any losses at the LRs outside the window.

    A loss whose optimum is at the window's edge must fail itself, since it might transfer on a wider window,
    and losses that disagree prove nothing. Its shift does not count: at an edge the optimum is a grid point
    instead of a vertex, which can overstate the shift.
    """
    if case.failure(stricter) is None:
        return False
    at_edge = [loss for loss, each in found.items() if each.target is None or each.target.is_edge]
    failures = [case.failure(stricter, [loss]) for loss in at_edge]
    return all(failure is not None and failure.rule != "shift_too_large" for failure in failures)


def early_level(level: float, looks_before: int) -> float:
    """Return the level of an interim look that others may follow: it spends half of the remaining error."""
    return 1.0 - (1.0 - level) / 2.0 ** (1 + looks_before)


def _pair(sweep: Sweep, i: int) -> Sweep:
    """Return the base and one size, with the seeds that are planned at that size."""
    sizes = sorted({sweep.base_index, i}, key=lambda index: index != sweep.base_index)
    has_seed_S = _is_planned(sweep)[i].any(axis=0)
    here = np.ix_(np.array(sizes), np.arange(len(sweep.lrs)), np.flatnonzero(has_seed_S))
    return replace(
        sweep,
        sizes=tuple(sweep.sizes[index] for index in sizes),
        base_index=0,
        num_seeds=int(has_seed_S.sum()),
        losses={loss: Losses(each.final[here], each.initial[here]) for loss, each in sweep.losses.items()},
        diverged_at=sweep.diverged_at[here],
        is_measured=sweep.is_measured[here],
        is_planned=_is_planned(sweep)[here],
        sharpness=sweep.sharpness[here],
        train_curves=no_curves,
        coordinate_changes=None,
        initial_activations=None,
    )


def _is_planned(sweep: Sweep) -> NDArray[np.bool_]:
    return np.ones_like(sweep.is_measured) if sweep.is_planned is None else sweep.is_planned


def _usable(pair: Sweep, target: int, thresholds: Thresholds) -> dict[Metric, Comparison]:
    """Return the comparisons by losses the base can be tuned on: it learned, and does not interpolate."""
    level, interpolation = thresholds.level, thresholds.interpolation
    found = {
        loss: compare(pair, loss, target, level=level, interpolation=interpolation)
        for loss in TUNED_ON
        if loss in pair.losses
    }
    return {
        loss: each
        for loss, each in found.items()
        if each.has_base_learned and not (each.has_base_interpolated and loss is Metric.TRAIN_LOSS)
    }


def _looks_before(sweep: Sweep, index: int, reused: Sequence[int]) -> int:
    """Return an upper bound on earlier looks at a size: one for every LR beyond the first window."""
    tried = np.flatnonzero(_is_planned(sweep)[index].any(axis=1)).tolist()
    return len(set(tried) - LRGrid(sweep.lrs).around_all(reused))


def _curvature_lr_index(pair: Sweep, reused: int, thresholds: Thresholds) -> int:
    """Return the index of the LR to compare sizes at: the reused one, or one or two octaves below it."""
    for octaves in LOWER_OCTAVES:
        distance: Values = np.abs(pair.log2_lrs - pair.log2_lrs[reused] - octaves)
        share = edge_share(pair, 0, int(distance.argmin()), thresholds)
        if distance.min() <= GRID_TOLERANCE and share is not None and share <= MOST_AT_EDGE:
            return int(distance.argmin())
    return reused
