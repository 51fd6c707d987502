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

from muscope.backend.analysis.measures.costs import SEARCH_REACH, STANDARD_ERRORS
from muscope.backend.analysis.measures.pairs import Pair, SizeLosses, pair_of
from muscope.backend.analysis.statistics.bootstrap import MIN_SEEDS
from muscope.backend.analysis.sweep import TUNED_ON, Sweep, Values
from muscope.backend.analysis.verdict import rules
from muscope.backend.analysis.verdict.findings import Case, facts_of
from muscope.backend.analysis.verdict.one_size import case_of
from muscope.backend.analysis.verdict.rules import SEVERITIES, SEVERITY, Ends, Facts
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.thresholds import Thresholds
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
    losses = [loss for loss in TUNED_ON if loss in sweep.losses]
    if len(sweep.shared_seeds(index)) < thresholds.min_seeds or not losses:
        return np.full(len(draws_BS), SEVERITY[Outcome.INCONCLUSIVE])
    found = np.stack([_rules_of_loss(sweep, loss, index, draws_BS, thresholds) for loss in losses])
    severity, _ = rules.combined(SEVERITIES[found], found == rules.ABSTENTION)
    return severity


def _rules_of_loss(
    sweep: Sweep, loss: Metric, index: int, draws_BS: Draws, thresholds: Thresholds
) -> NDArray[np.intp]:
    """Return the rule that decides every draw on one loss, [B], as an index in `rules.RULES`."""
    case = case_of(sweep, index, loss, thresholds)
    facts, pair = facts_of(case, thresholds), pair_of(sweep, loss, index)
    if len(pair.base.indices) == 0 or len(pair.target.indices) == 0:
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
    """One size on one loss under every draw; row 0 is the original data."""

    def __init__(self, sweep: Sweep, case: Case, pair: Pair, draws_BS: Draws, thresholds: Thresholds) -> None:
        self._sweep, self._case, self._pair = sweep, case, pair
        self._draws, self._limits = draws_BS, thresholds
        num_lrs = len(sweep.lrs)
        self._base, self._target = (_Drawn(each, num_lrs, draws_BS) for each in (pair.base, pair.target))
        # With few seeds, costs are read from local parabolas, as in the verdict.
        is_read = pair.num_seeds < MIN_SEEDS
        sizes = [each.smoothed() if is_read else each for each in (pair.base, pair.target)]
        self._base_read, self._target_read = (_Drawn(each, num_lrs, draws_BS) for each in sizes)

    def moved(self, facts: Facts) -> Facts:
        """Return the facts of every draw, [B]: those of the data, shifted by the change of the draw."""
        initial_base, initial_target = self._initial()
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return facts._replace(
                is_base_learned=self._base.mean_at_best() < initial_base,
                is_base_edge=self._base.is_edge_B,
                has_interpolated=self._has_interpolated(initial_base),
                rate=self._rate(),
                regret=_moved(facts.regret, self._excess.mean(axis=1) / self._reduction()),
                gain_loss=_moved(facts.gain_loss, self._excess.mean(axis=1) / self._whole_gain()),
                search_gain_loss=_moved(facts.search_gain_loss, self._after_search()),
                lost_margin=_moved_by(facts.lost_margin, self._margin()),
                shift=_moved(facts.shift, self._shift()),
                median_shift=self._median_shift(facts.median_shift),
                has_reused=self._target.row_of(self._reused) >= 0,
                is_target_learned=self._target.mean_at_best() < initial_target,
                is_target_edge=self._target.is_edge_B,
                lacks_gain=self._lacks_gain(),
            )

    @cached_property
    def _reused(self) -> NDArray[np.intp]:
        """Return the grid index of the base's best LR, [B]."""
        reused_B: NDArray[np.intp] = self._base.indices[self._base.best_B]
        return reused_B

    @cached_property
    def _best(self) -> NDArray[np.intp]:
        """Return the target's best row, [B], on smoothed losses as its costs; at an edge on those as run."""
        best_B: NDArray[np.intp] = np.where(
            self._target.is_edge_B, self._target.best_B, self._target_read.best_B
        )
        return best_B

    @cached_property
    def _excess(self) -> Values:
        reused_BS = self._target_read.at(self._target_read.row_of(self._reused))
        excess_BS: Values = reused_BS - self._target_read.at(self._best)
        return excess_BS

    @cached_property
    def _gain(self) -> Values:
        at_base_BS = self._base_read.at(self._base_read.row_of(self._reused))
        gain_BS: Values = at_base_BS - self._target_read.at(self._best)
        return gain_BS

    def _initial(self) -> tuple[Values, Values]:
        """Return the mean loss at init of base and target, [B]."""
        of_sweep_WS = self._sweep.initial(self._case.loss)
        seeds = self._sweep.shared_seeds(self._sweep.sizes.index(self._case.size))
        of_base_S = of_sweep_WS[self._sweep.base_index, seeds]
        return of_base_S[self._draws].mean(axis=1), self._pair.initial[self._draws].mean(axis=1)

    def _has_interpolated(self, initial_base: Values) -> Flags:
        is_train = self._case.loss is Metric.TRAIN_LOSS
        is_low: Flags = self._base.mean_at_best() <= self._limits.interpolation * initial_base
        return is_low & is_train

    def _rate(self) -> Values:
        """Return the divergence rate at the reused LR, shifted by the draw, [B] in 0..1."""
        sweep, index = self._sweep, self._sweep.sizes.index(self._case.size)
        of_lr_E = np.array([sweep.divergence_rate(index, i) or 0.0 for i in range(len(sweep.lrs))])
        diverged_ES = sweep.diverged_at[index][:, sweep.shared_seeds(index)] >= 0
        drawn = diverged_ES[self._reused[:, None], self._draws].mean(axis=1)
        of_seeds = diverged_ES[self._reused].mean(axis=1)
        rate_B: Values = np.clip(of_lr_E[self._reused] + (drawn - of_seeds), 0.0, 1.0)
        return rate_B

    def _reduction(self) -> Values:
        return _positive((self._pair.initial[self._draws] - self._target_read.at(self._best)).mean(axis=1))

    def _has_gain(self) -> Flags:
        has_gain_B: Flags = self._gain.mean(axis=1) > STANDARD_ERRORS * _standard_error(self._gain)
        return has_gain_B

    def _whole_gain(self) -> Values:
        return np.where(self._has_gain(), _positive(self._gain.mean(axis=1)), math.nan)

    def _lacks_gain(self) -> Flags:
        is_known = np.isfinite(self._gain).all(axis=1) & (self._gain.shape[1] > 1)
        lacks_gain_B: Flags = is_known & ~self._has_gain()
        return lacks_gain_B

    def _after_search(self) -> Values:
        """Return M2s of the best LR within an octave of the reused one, [B]."""
        log2_lrs = self._sweep.log2_lrs
        away_EB = np.abs(log2_lrs[self._target_read.indices][:, None] - log2_lrs[self._reused][None])
        is_near_EB = (away_EB <= SEARCH_REACH + 1e-9) & (self._target_read.row_of(self._reused) >= 0)
        searched = np.where(is_near_EB, self._target_read.means_EB, np.inf).argmin(axis=0)
        searched = np.where(is_near_EB.any(axis=0), searched, -1)
        lost_BS = self._target_read.at(searched) - self._target_read.at(self._best)
        lost_B: Values = lost_BS.mean(axis=1) / self._whole_gain()
        return lost_B

    def _margin(self) -> Values:
        share = self._limits.fine_tune_gain_loss
        margin_B: Values = self._excess.mean(axis=1) - share * self._gain.mean(axis=1)
        return margin_B

    def _shift(self) -> Values:
        weights_SB = _weights(self._draws, self._pair.num_seeds)
        return self._pair.target.vertices(weights_SB) - self._pair.base.vertices(weights_SB)

    def _median_shift(self, of_data: float) -> Values:
        """Return the median over the drawn seeds of the distance between the optima, [B], in octaves."""
        each = np.eye(self._pair.num_seeds)
        shift_S = np.abs(self._pair.target.vertices(each) - self._pair.base.vertices(each))
        drawn: Values = np.median(shift_S[self._draws], axis=1)
        return drawn if math.isfinite(of_data) else np.full(len(self._draws), math.nan)


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
