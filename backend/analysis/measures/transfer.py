"""Comparison of a larger size with the base at the reused LR (docs/science.md §6.2: M1-M4, M2s, M8).

All differences are paired by seed, over the seeds that base and size both have. The best LR of a size is that
of its seed mean, and every seed is read at that LR. Intervals are Student's with few seeds and a paired
bootstrap's from ten on; each interval names its method.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.measures.carried_rate import carried_index
from muscope.backend.analysis.measures.costs import Costs, costs_of, without_benefit
from muscope.backend.analysis.measures.extra_training import extra_training
from muscope.backend.analysis.measures.pairs import Pair, pair_of
from muscope.backend.analysis.statistics import bootstrap
from muscope.backend.analysis.statistics.intervals import estimate, finite_or_none, widened
from muscope.backend.analysis.statistics.lines import line_slope
from muscope.backend.analysis.statistics.optimum import Optimum, find_optimum, seed_optima
from muscope.backend.analysis.sweep import Sweep, Values, complete_mean
from muscope.backend.domain.spec.judging.decision import look_level
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.verdict.verdict import Estimate, LossStatistics

# Share of a grid step by which vertices of asymmetric curves are off, beyond seed scatter (ADR 0019).
GRID_ERROR = 1.0 / 6.0


@dataclass(frozen=True)
class Comparison:
    """Measures of one larger size against the base, on one loss; unknown ones are None or NaN.

    `carried` is the index of the LR that is reused; `base` and `target` are the optima.
    """

    statistics: LossStatistics
    carried: int | None
    base: Optimum | None
    target: Optimum | None
    has_base_learned: bool
    has_target_learned: bool
    has_base_interpolated: bool
    num_seeds: int
    costs: Costs
    margin: float | None


def optima(sweep: Sweep, loss: Metric) -> list[Optimum | None]:
    """Return the optimum of every size, on means over the seeds it shares with the base."""
    return [find_optimum(sweep.log2_lrs, sweep.seed_mean(loss, index)) for index in range(len(sweep.sizes))]


def compare(sweep: Sweep, loss: Metric, size_index: int, thresholds: Thresholds) -> Comparison:
    """Compare the size at `size_index` with the base, at the LR that is carried from it."""
    found, level = optima(sweep, loss), thresholds.level
    base, target = found[sweep.base_index], found[size_index]
    carried = carried_index(sweep, loss, thresholds)
    pair = pair_of(sweep, loss, size_index)
    shift = shift_of(pair, sweep.log2_lrs, level) if base is not None else Estimate()
    num_seeds = 0 if carried is None else pair.target.num_seeds_at(carried)
    of_look = look_level(level, pair.num_seeds, num_seeds, sweep.settle)
    every = costs_of(pair, carried, base, target, of_look, level)
    costs = without_benefit(every) if sweep.is_step_up else every
    extra = Estimate()
    if carried is not None and costs.best_index is not None:
        extra = extra_training(sweep, size_index, carried, costs.best_index, of_look, tuple(costs.rivals))
    best_base, initial_base = _best(sweep, loss, sweep.base_index, base)
    best_target, initial_target = _best(sweep, loss, size_index, target)
    of_costs = _statistics_of(costs, thresholds, has_benefit=not sweep.is_step_up)
    return Comparison(
        statistics=LossStatistics(
            loss=loss,
            optimal_lr=None if target is None else sweep.lr_at(size_index, float(2.0**target.log2_lr)),
            is_edge=target is not None and target.is_edge,
            lr_shift=shift,
            extra_training=extra,
            num_seeds=num_seeds,
            best_loss=finite_or_none(best_target),
            **of_costs,
        ),
        carried=carried,
        base=base,
        target=target,
        has_base_learned=best_base < initial_base,
        has_target_learned=best_target < initial_target,
        has_base_interpolated=sweep.can_interpolate(loss)
        and best_base <= thresholds.interpolation * initial_base,
        num_seeds=pair.num_seeds,
        costs=costs,
        margin=None if carried is None else lr_margin(sweep, size_index, carried),
    )


def _statistics_of(costs: Costs, thresholds: Thresholds, *, has_benefit: bool) -> dict[str, Any]:
    """Return the fields of `LossStatistics` that are read from the costs.

    Args:
        has_benefit: False where a benefit is not defined, so that the limit is its upper bound.
    """
    is_known = costs.regret.value is not None
    limit = thresholds.cost_limit(costs.sure_benefit) if has_benefit else thresholds.transfers_regret
    share = costs.benefit_share
    return {
        "transfer_regret": costs.regret,
        "cost_limit": limit if is_known else None,
        "regret_z": costs.regret_z,
        "cost": costs.excess,
        "gain_loss": costs.gain_loss,
        "after_search": costs.search,
        "benefit": costs.gain,
        "benefit_share": finite_or_none(share) if costs.gain.value is not None else None,
        "has_gain": costs.has_gain,
        "reused_loss": costs.reused,
    }


def _best(sweep: Sweep, loss: Metric, size_index: int, optimum: Optimum | None) -> tuple[float, float]:
    if optimum is None:
        return math.nan, math.nan
    seeds = sweep.shared_seeds(size_index)
    best = float(sweep.judged(loss)[size_index, optimum.index, seeds].mean())
    return best, float(sweep.initial(loss)[size_index, seeds].mean())


def shift_of(pair: Pair, log2_lrs: Values, level: float) -> Estimate:
    """Return M1, e*_N − e*_B in octaves, with its interval.

    The value is that of the seed-mean vertices, the interval the scatter of the seeds' own vertices. A vertex
    through three points of an asymmetric curve misses the optimum whatever the seeds, so the interval is
    wider by the error of the grid (`grid_error`).
    """
    centre = pair.shift_of_means(log2_lrs)
    if not math.isfinite(centre):
        return Estimate()
    if pair.num_seeds < bootstrap.MIN_SEEDS:
        each = np.eye(pair.num_seeds)
        shift_S = pair.target.vertices(each) - pair.base.vertices(each)
        found = estimate(shift_S, level, centre=centre)
        return found.model_copy(update={"interval": widened(found.interval, grid_error(log2_lrs))})
    weights_SB = bootstrap.resampling_weights(pair.num_seeds, pair.random_seed)
    shift_B = pair.target.vertices(weights_SB) - pair.base.vertices(weights_SB)
    interval = bootstrap.bootstrap_interval(shift_B, pair.num_seeds, level)
    return Estimate(value=centre, interval=widened(interval, grid_error(log2_lrs)))


def grid_error(log2_lrs: Values) -> float:
    """Return the error of the distance between two optima caused by the grid alone, in octaves (ADR 0019)."""
    steps = np.diff(log2_lrs)
    return GRID_ERROR * float(np.median(steps)) if len(steps) else 0.0


def lr_slope(sweep: Sweep, loss: Metric, level: float) -> Estimate:
    """Return the LR slope b: octaves of the optimum per doubling of the quantity that grows on the axis.

    Least squares of e*_N on log2 of that quantity; sizes whose optimum is at an edge are left out. The value
    is that of the seed-mean vertices; the interval comes from the own slopes of the seeds that all these
    sizes have.
    """
    inside = {
        i: found for i, found in enumerate(optima(sweep, loss)) if found is not None and not found.is_edge
    }
    if len(inside) < 2 or len(set(sweep.log2_extents[list(inside)].tolist())) < 2:
        return Estimate()
    indices = list(inside)
    x = sweep.log2_extents[indices]
    judged_WES = sweep.judged(loss)
    per_seed = np.stack([seed_optima(sweep.log2_lrs, judged_WES[i]) for i in indices])
    of_mean = np.array([found.log2_lr for found in inside.values()])
    return line_slope(x, of_mean, per_seed, level)


def lr_margin(sweep: Sweep, size_index: int, lr_index: int) -> float | None:
    """Return M4's margin: octaves from the reused LR to the first LR at or above it with a divergence."""
    above = np.flatnonzero(has_diverged(sweep, size_index)[lr_index:])
    if len(above) == 0:
        return None
    return float(sweep.log2_lrs[lr_index + above[0]] - sweep.log2_lrs[lr_index])


def has_diverged(sweep: Sweep, size_index: int) -> NDArray[np.bool_]:
    """Return at which LRs of a size a seed diverged, those added by the settle stage included, [E]."""
    parts = (sweep,) if sweep.further is None else (sweep, sweep.further)
    each = [(part.diverged_at[size_index] >= 0) & part.counts[size_index] for part in parts]
    diverged_E: NDArray[np.bool_] = np.any(np.concatenate(each, axis=1), axis=1, keepdims=False)
    return diverged_E


def speed(sweep: Sweep, size_index: int, lr_index: int) -> float | None:
    """Return M8: steps until the larger size reaches the base's final loss at the reused LR, over all steps.

    The loss is the train loss; the curve is the seeds' mean of trailing means over as many steps as the final
    loss averages. None if it is not reached, or if a seed diverged.
    """
    if Metric.TRAIN_LOSS not in sweep.losses or sweep.is_step_up:
        return None
    seeds = sweep.shared_seeds(size_index)
    goal = float(complete_mean(sweep.judged(Metric.TRAIN_LOSS)[sweep.base_index, lr_index, seeds]))
    curve = trailing_mean(sweep.curves(size_index, lr_index), sweep.tail_steps)
    reached = np.flatnonzero(curve <= goal)
    if len(reached) == 0 or not math.isfinite(goal):
        return None
    return float((reached[0] + sweep.tail_steps - 1) / sweep.num_steps)


def trailing_mean(curves_TS: Values, num_steps: int) -> Values:
    """Return the seeds' mean of means over `num_steps` steps in a row, [T - num_steps + 1]; NaN stays."""
    if curves_TS.shape[0] < num_steps or curves_TS.shape[1] == 0:
        return np.empty(0)
    mean_T = curves_TS.mean(axis=1)
    first_bad = np.flatnonzero(~np.isfinite(mean_T))
    usable = mean_T[: first_bad[0]] if len(first_bad) else mean_T
    if len(usable) < num_steps:
        return np.empty(0)
    total = np.cumsum(np.concatenate([[0.0], usable]))
    means: Values = (total[num_steps:] - total[:-num_steps]) / num_steps
    return means
