"""Outcomes under resampled seeds, vectorised over resamples; used for confidences only.

Shapes: B draws, E complete learning rates, S shared seeds. The rules are the verdict's (`rules`), with facts
that are arrays. A draw moves every estimate; its interval moves along and keeps the width given by the
original seeds, since the interval of a draw that holds one seed twice would be too narrow. The draw that
holds every seed once therefore has exactly the facts, and the outcome, of the verdict.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.measures.costs import STANDARD_ERRORS
from muscope.backend.analysis.measures.pairs import Pair, SizeLosses, pair_of
from muscope.backend.analysis.sweep import Sweep, Values
from muscope.backend.analysis.verdict import rules
from muscope.backend.analysis.verdict.findings import Case, facts_of
from muscope.backend.analysis.verdict.one_size import case_of
from muscope.backend.analysis.verdict.rules import SEVERITIES, SEVERITY, Ends, Facts
from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.verdict.statement import Outcome

Draws = NDArray[np.intp]
Flags = NDArray[np.bool_]


def resampled_outcomes(sweep: Sweep, index: int, uniform_BS: Values, thresholds: Thresholds) -> Draws:
    """Return the severity of the outcome of every resample of one size, [B] (`rules.SEVERITY`).

    Args:
        uniform_BS: random numbers in [0, 1) that select from the seeds shared by base and size.
    """
    num_shared = len(sweep.shared_seeds(index))
    draws_BS = np.floor(uniform_BS[:, :num_shared] * num_shared).astype(np.intp)
    return outcomes_of_draws(sweep, index, draws_BS, thresholds)


def outcomes_of_draws(sweep: Sweep, index: int, draws_BS: Draws, thresholds: Thresholds) -> Draws:
    """Return the severity of the outcome of every draw, [B]; a drift of sharpness counts as a transfer.

    Args:
        draws_BS: indices into the seeds shared by base and size; `arange(S)` gives the original data.
    """
    loss = sweep.deciding_loss
    if len(sweep.shared_seeds(index)) < thresholds.min_seeds or loss is None:
        return np.full(len(draws_BS), SEVERITY[Outcome.INCONCLUSIVE])
    severity_B: Draws = SEVERITIES[_rules_of_loss(sweep, loss, index, draws_BS, thresholds)]
    return severity_B


def _rules_of_loss(
    sweep: Sweep, loss: Metric, index: int, draws_BS: Draws, thresholds: Thresholds
) -> NDArray[np.intp]:
    """Return the rule that decides every draw on one loss, [B], as an index in `rules.RULES`."""
    case = case_of(sweep, index, loss, thresholds)
    facts, pair = facts_of(case, thresholds), pair_of(sweep, loss, index)
    if len(pair.base.indices) == 0 or len(pair.target.indices) == 0 or case.comparison.carried is None:
        return np.full(len(draws_BS), int(rules.first_rule(facts, thresholds)))
    # The original data come first: every other draw is expressed by its distance from them.
    every_seed = np.arange(pair.num_seeds)[None]
    resample = _Resample(sweep, case, pair, np.concatenate([every_seed, draws_BS]), thresholds)
    return rules.first_rule(resample.moved(facts), thresholds)[1:]


class _Drawn:
    """Losses of one size under every draw: means [E, B], row of the best LR [B], and if it is an edge."""

    def __init__(self, tried: SizeLosses, num_lrs: int, draws_BS: Draws) -> None:
        self.losses_ES, self.indices, self.draws = tried.losses, tried.indices, draws_BS
        self.means_EB = tried.losses[:, draws_BS].mean(axis=2)
        self.best_B = self.means_EB.argmin(axis=0)
        is_complete = np.zeros(num_lrs + 2, np.bool_)
        is_complete[tried.indices + 1] = True
        lr_index_B = tried.indices[self.best_B]
        self.is_edge_B: Flags = ~(is_complete[lr_index_B] & is_complete[lr_index_B + 2])

    def row_of(self, lr_index_B: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the rows of LRs given by their index in the grid, [B]; -1 where one is not complete."""
        row = np.searchsorted(self.indices, lr_index_B)
        found = self.indices[np.minimum(row, len(self.indices) - 1)] == lr_index_B
        return np.where(found, row, -1)

    def at(self, row_B: NDArray[np.intp]) -> Values:
        """Return the losses of the drawn seeds at one row a draw, [B, S]; NaN where the row is -1."""
        values: Values = self.losses_ES[row_B[:, None], self.draws]
        return np.where(row_B[:, None] >= 0, values, math.nan)

    def mean_at_best(self) -> Values:
        """Return the mean loss at the best LR, [B]."""
        values: Values = self.means_EB[self.best_B, np.arange(len(self.best_B))]
        return values


class _Resample:
    """One size on one loss under every draw; row 0 is the original data.

    The LR to carry is chosen by every draw as far as it moves the base's best LR: it moves along with it.
    """

    def __init__(self, sweep: Sweep, case: Case, pair: Pair, draws_BS: Draws, thresholds: Thresholds) -> None:
        self._sweep, self._case, self._pair = sweep, case, pair
        self._draws, self._limits = draws_BS, thresholds
        num_lrs = len(sweep.lrs)
        self._base, self._target = (_Drawn(each, num_lrs, draws_BS) for each in (pair.base, pair.target))
        # Costs are read from local parabolas, as in the verdict.
        sizes = (pair.base.smoothed(), pair.target.smoothed())
        self._base_read, self._target_read = (_Drawn(each, num_lrs, draws_BS) for each in sizes)

    def moved(self, facts: Facts) -> Facts:
        """Return the facts of every draw, [B]: those of the data, shifted by the change of the draw."""
        initial_base, initial_target = self._initial()
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            regret = self._excess.mean(axis=1) / self._reduction()
            is_share = self._case.unit is CostUnit.SHARE
            return facts._replace(
                is_base_learned=self._base.mean_at_best() < initial_base,
                is_base_edge=self._base.is_edge_B,
                has_interpolated=self._has_interpolated(initial_base),
                rate=self._rate(),
                margin=self._margin_to_divergence(facts.margin),
                regret=_moved(facts.regret, regret),
                cost=_moved(facts.cost, regret if is_share else np.zeros(len(regret))),
                cost_limit=self._cost_limit() if is_share else facts.cost_limit,
                gain_loss=_moved(facts.gain_loss, self._excess.mean(axis=1) / self._whole_gain()),
                lost_margin=_moved_by(facts.lost_margin, self._lost_margin()),
                shift=_moved(facts.shift, self._shift()),
                has_reused=self._target.row_of(self._reused) >= 0,
                is_target_learned=self._target.mean_at_best() < initial_target,
                is_target_edge=self._target.is_edge_B,
            )

    @cached_property
    def _reused(self) -> NDArray[np.intp]:
        """Return the grid index of the LR to carry, [B]: as far from the base's best LR as in the data."""
        best_B: NDArray[np.intp] = self._base.indices[self._base.best_B]
        carried = self._case.reused_index
        reused_B: NDArray[np.intp] = np.clip(best_B - best_B[0] + carried, 0, len(self._sweep.lrs) - 1)
        return reused_B

    @cached_property
    def _best(self) -> NDArray[np.intp]:
        """Return the target's best row, [B], on smoothed losses as its costs; at an edge on those as run.

        The data have their best LR from all seeds; the others move as the means of the planned seeds move.
        """
        best_B = np.where(self._target.is_edge_B, self._target.best_B, self._target_read.best_B)
        known = self._case.comparison.costs.best_index
        if known is not None:
            best_B[best_B == best_B[0]] = int(np.searchsorted(self._target.indices, known))
        found_B: NDArray[np.intp] = best_B
        return found_B

    @cached_property
    def _excess(self) -> Values:
        reused_BS = self._target_read.at(self._target_read.row_of(self._reused))
        excess_BS: Values = reused_BS - self._target_read.at(self._best)
        return excess_BS

    @cached_property
    def _gain(self) -> Values:
        at_base_BS = self._base_read.at(self._base.best_B)
        gain_BS: Values = at_base_BS - self._target_read.at(self._best)
        return gain_BS

    def _initial(self) -> tuple[Values, Values]:
        """Return the mean loss at init of base and target, [B]."""
        of_sweep_WS = self._sweep.initial(self._case.loss)
        seeds = self._sweep.shared_seeds(self._sweep.sizes.index(self._case.size))
        of_base_S = of_sweep_WS[self._sweep.base_index, seeds]
        return of_base_S[self._draws].mean(axis=1), self._pair.initial[self._draws].mean(axis=1)

    def _has_interpolated(self, initial_base: Values) -> Flags:
        is_low: Flags = self._base.mean_at_best() <= self._limits.interpolation * initial_base
        return is_low & self._sweep.can_interpolate(self._case.loss)

    def _rate(self) -> Values:
        """Return the divergence rate at the reused LR, shifted by the draw, [B] in 0..1."""
        sweep, index = self._sweep, self._sweep.sizes.index(self._case.size)
        of_lr_E = np.array([sweep.divergence_rate(index, i) or 0.0 for i in range(len(sweep.lrs))])
        diverged_ES = sweep.diverged_at[index][:, sweep.shared_seeds(index)] >= 0
        drawn = diverged_ES[self._reused[:, None], self._draws].mean(axis=1)
        of_seeds = diverged_ES[self._reused].mean(axis=1)
        rate_B: Values = np.clip(of_lr_E[self._reused] + (drawn - of_seeds), 0.0, 1.0)
        return rate_B

    def _margin_to_divergence(self, of_data: float) -> Values:
        """Return the octaves from the reused LR to the first diverging one, [B]; the border stays."""
        moved_B: Values = self._sweep.log2_lrs[self._reused] - self._sweep.log2_lrs[self._reused[0]]
        return of_data - moved_B

    def _reduction(self) -> Values:
        return _positive((self._pair.initial[self._draws] - self._target_read.at(self._best)).mean(axis=1))

    def _cost_limit(self) -> Values:
        """Return the limit of the cost under every draw, [B]; row 0 is that of the data."""
        moved_B = _moved_by(
            self._case.comparison.costs.sure_benefit, self._gain.mean(axis=1) / self._reduction()
        )
        shares_B = np.nan_to_num(np.maximum(moved_B, 0.0))
        limits_B = np.array([self._limits.cost_limit(float(share)) for share in shares_B])
        limits_B[0] = self._case.cost_limit(self._limits)
        return limits_B

    def _whole_gain(self) -> Values:
        has_gain = self._gain.mean(axis=1) > STANDARD_ERRORS * _standard_error(self._gain)
        return np.where(has_gain, _positive(self._gain.mean(axis=1)), math.nan)

    def _lost_margin(self) -> Values:
        share = self._limits.fine_tune_gain_loss
        margin_B: Values = self._excess.mean(axis=1) - share * self._gain.mean(axis=1)
        return margin_B

    def _shift(self) -> Values:
        weights_SB = _weights(self._draws, self._pair.num_seeds)
        return self._pair.target.vertices(weights_SB) - self._pair.base.vertices(weights_SB)


def _moved(of_data: Ends, value_B: Values) -> Ends:
    """Return an estimate whose interval moves with its value; row 0 of the values is that of the data."""
    by_B = value_B - value_B[0]
    by_B[0] = 0.0
    return Ends(of_data.value + by_B, of_data.low + by_B, of_data.high + by_B)


def _moved_by(of_data: float, value_B: Values) -> Values:
    by_B: Values = value_B - value_B[0]
    by_B[0] = 0.0
    return of_data + by_B


def _positive(whole_B: Values) -> Values:
    return np.where(whole_B > 0, whole_B, math.nan)


def _standard_error(values_BS: Values) -> Values:
    count = values_BS.shape[1]
    if count < 2:
        return np.full(len(values_BS), math.nan)
    error: Values = values_BS.std(axis=1, ddof=1) / math.sqrt(count)
    return error


def _weights(draws_BS: Draws, num_seeds: int) -> Values:
    """Return the share of every seed in every draw, [S, B]."""
    counts = (draws_BS[None] == np.arange(num_seeds)[:, None, None]).sum(axis=2)
    weights: Values = counts / draws_BS.shape[1]
    return weights
