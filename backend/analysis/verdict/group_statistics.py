"""Group statistics for the protocol: NumPy in, `muscope.backend.domain.protocol.evidence` out (ADR 0021)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.measures.sharpness_spread import MOST_AT_EDGE, edge_share
from muscope.backend.analysis.sweep import Losses, Sweep, Values, no_curves
from muscope.backend.analysis.verdict import rules
from muscope.backend.analysis.verdict.findings import Case, facts_of, seeds_needed
from muscope.backend.analysis.verdict.one_size import GRID_TOLERANCE, LOWER_OCTAVES, case_of
from muscope.backend.analysis.verdict.rules import SETTLED_BY_SEEDS
from muscope.backend.domain.protocol.evidence import CellGroup, GroupEvidence, GroupStatistics, Settling
from muscope.backend.domain.protocol.lr_grid import LRGrid
from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
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
        base = group._replace(scenario=group.scenario.tuned_under, size=sweep.base)
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
    index = sweep.index_of(size)
    pair = _pair(sweep, index)
    if pair.deciding_loss is None:
        return GroupStatistics()
    is_target = index == max(sweep.larger, default=index)
    case = case_of(pair, len(pair.sizes) - 1, pair.deciding_loss, thresholds, is_target=is_target)
    found, reused = case.comparison, case.comparison.carried
    if reused is None or not _is_usable(case):
        return GroupStatistics()
    optimum = found.base if index == sweep.base_index else found.target
    best = {} if optimum is None else {case.loss: pair.lr_indices[optimum.index]}
    if index == sweep.base_index:
        curvature = pair.lr_indices[_curvature_lr_index(pair, reused, thresholds)]
        return GroupStatistics(best, carried=pair.lr_indices[reused], curvature_lr=curvature)
    early = early_level(thresholds.level, _looks_before(sweep, index, reused))
    stricter = thresholds.model_copy(update={"level": early})
    fails = _fails(pair, case, thresholds)
    return GroupStatistics(
        best,
        fails=fails,
        exceeds=_is_shown(pair, case, thresholds, {Outcome.DOES_NOT_TRANSFER, Outcome.FINE_TUNE}),
        fails_early=fails and _is_proven(pair, is_target, stricter),
        settling=_settling(pair, case, thresholds) if is_target else None,
    )


def _rule_of(case: Case, thresholds: Thresholds) -> rules.Rule:
    return rules.RULES[int(rules.first_rule(facts_of(case, thresholds), thresholds))]


def _fails(pair: Sweep, case: Case, thresholds: Thresholds) -> bool:
    """Return whether reuse is proven to fail."""
    return _is_shown(pair, case, thresholds, {Outcome.DOES_NOT_TRANSFER})


def _is_shown(pair: Sweep, case: Case, thresholds: Thresholds, outcomes: Collection[Outcome]) -> bool:
    """Return whether enough seeds show one of these outcomes."""
    return pair.num_seeds >= thresholds.min_seeds and _rule_of(case, thresholds).outcome in outcomes


def _is_proven(pair: Sweep, is_target: bool, stricter: Thresholds) -> bool:
    """Return whether a failure holds at a smaller level, for any losses at the LRs outside the window.

    The shift does not count where the optimum is at the window's edge: it is a grid point there instead of a
    vertex, which can overstate the shift.
    """
    assert pair.deciding_loss is not None, "statistics are of a loss that was recorded"
    case = case_of(pair, 1, pair.deciding_loss, stricter, is_target=is_target)
    if not _fails(pair, case, stricter):
        return False
    is_at_edge = case.comparison.target is None or case.comparison.target.is_edge
    return not is_at_edge or _rule_of(case, stricter).name != "shift_too_large"


def _settling(pair: Sweep, case: Case, thresholds: Thresholds) -> Settling:
    """Return what the settle stage needs to know of a target: the LRs that decide, and whether it is open."""
    found = case.comparison
    best, num_seeds = found.costs.best_index, found.statistics.num_seeds or 0
    if found.carried is None or best is None or _rule_of(case, thresholds).name not in SETTLED_BY_SEEDS:
        return Settling()
    limit, is_share = case.cost_limit(thresholds), case.unit is CostUnit.SHARE
    doubtful = {index for index, most in found.costs.rivals.items() if most > limit or not is_share}
    contenders = {found.carried, best, *doubtful}
    return Settling(
        is_open=True,
        contenders=frozenset(pair.lr_indices[index] for index in contenders),
        num_seeds=num_seeds,
        seeds_needed=seeds_needed(case.cost(), limit, num_seeds),
    )


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
        further=None if sweep.further is None else _sizes_alone(sweep.further, sizes),
        extents=None if sweep.extents is None else tuple(sweep.extents[index] for index in sizes),
    )


def _sizes_alone(further: Sweep, sizes: Sequence[int]) -> Sweep:
    """Return the further seeds of a few sizes, the base first."""
    return replace(
        further,
        sizes=tuple(further.sizes[index] for index in sizes),
        base_index=0,
        losses={
            loss: Losses(each.final[list(sizes)], each.initial[list(sizes)])
            for loss, each in further.losses.items()
        },
        diverged_at=further.diverged_at[list(sizes)],
        is_measured=further.is_measured[list(sizes)],
        is_planned=_is_planned(further)[list(sizes)],
    )


def _is_planned(sweep: Sweep) -> NDArray[np.bool_]:
    return np.ones_like(sweep.is_measured) if sweep.is_planned is None else sweep.is_planned


def _is_usable(case: Case) -> bool:
    """Return whether the base can be judged from: it learned, and its training loss does not interpolate."""
    return case.comparison.has_base_learned and not case.comparison.has_base_interpolated


def _looks_before(sweep: Sweep, index: int, reused: int) -> int:
    """Return an upper bound on earlier looks at a size: one for every LR beyond the first window."""
    tried = np.flatnonzero(_is_planned(sweep)[index].any(axis=1)).tolist()
    return len(set(tried) - LRGrid(sweep.lrs).around(reused))


def _curvature_lr_index(pair: Sweep, reused: int, thresholds: Thresholds) -> int:
    """Return the index of the LR to compare sizes at: the reused one, or one or two octaves below it."""
    for octaves in LOWER_OCTAVES:
        distance: Values = np.abs(pair.log2_lrs - pair.log2_lrs[reused] - octaves)
        share = edge_share(pair, 0, int(distance.argmin()), thresholds)
        if distance.min() <= GRID_TOLERANCE and share is not None and share <= MOST_AT_EDGE:
            return int(distance.argmin())
    return reused
