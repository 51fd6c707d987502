"""LR sweep over sizes as arrays, the input of every statistic of the verdict.

Shapes: W sizes, E learning rates, S seeds, M measurement steps, T steps. NaN conventions: `final` is NaN
where a run diverged or is missing, `initial` where it is missing; `sharpness` is NaN where it was not
measured. Two definitions live here only: the loss that a diverged run counts as (`judged`), and the seeds a
size is judged by (`shared_seeds`): those that base and size both have, since everything is paired by seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from muscope.backend.domain.spec.judging.decision import CostUnit, Settle
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import OF_TRAINING, Axis, Size, axis_of

Values = NDArray[np.float64]

LOSSES = (Metric.TRAIN_LOSS, Metric.VAL_LOSS)
# Losses to decide on where none is declared, the preferred one first.
TUNED_ON = (Metric.VAL_LOSS, Metric.TRAIN_LOSS)


@dataclass(frozen=True)
class Losses:
    """One loss of every run: [W, E, S] at the end and at step 0."""

    final: Values
    initial: Values


@dataclass(frozen=True)
class Field:
    """Field metric, [W, E, S] at the end of training; NaN where a run diverged or is missing."""

    metric: Metric
    final: Values


def no_curves(_size_index: int, _lr_index: int) -> Values:
    """Return an empty array [0, 0], the default where no train-loss curves are stored."""
    return np.empty((0, 0))


@dataclass(frozen=True)
class Sweep:
    """Sweep of one (scenario, parametrization, axis): the base size and the larger sizes on that axis.

    Attributes:
        sizes, lrs: ascending; `lr_indices` are the LR indices in the arm's own grid.
        base_index: the index of the base in `sizes`.
        losses: by metric; the verdict judges all of them.
        diverged_at: int [W, E, S], the step; -1 where the run did not diverge.
        is_measured: bool [W, E, S], False where the run has no result.
        is_planned: bool [W, E, S], False where the protocol did not plan the run; None: all are planned.
        sharpness: [W, E, S, M] at `measurement_steps` [M]; unit 1/lr.
        coordinate_changes, initial_activations: of the coordinate check, [W, E, S, K] with the components of
            `muscope.backend.domain.spec.coordinates`; NaN where missing, None where the spec does not measure
            it.
        has_constant_output: initial outputs have a part that no width changes, such as an output bias.
        has_tied_readout: the readout is the embedding matrix.
        train_curves: returns the train loss [T, S] of one (size, LR), step by step from 0, NaN for a seed
            that was not run; without columns where no curve is stored.
        kappa: the optimizer's edge of stability is at sharpness kappa/lr.
        field: the field metric of every run; None where it was not loaded.
        random_seed: of resampling, from the spec.
        declared_loss: the loss that decides; None: the first of `TUNED_ON` that was recorded.
        is_seen_once: an example is trained on about once.
        cost_unit: in which the cost of reuse is compared with its limit.
        settle: the settle stage of the plan, which sets the levels at which costs are tested.
        further: the same sizes and LRs with the seeds that the settle stage added; None without any.
        extents: of a step up, what grows, [W]; None: width, depth, or their product.
        lr_factor: of a step up, the LR that its larger training uses per LR of `lrs`, which are the base's.
        reached: int [W, E, S], the last step a run has stored, -1 without any; None where it is not known.
        until: returns the sweep as if training had ended after that many steps: losses, divergences and
            sharpness up to there. Without a constant LR a shorter training would have given other values.
    """

    sizes: tuple[Size, ...]
    lrs: tuple[float, ...]
    lr_indices: tuple[int, ...]
    base_index: int
    num_seeds: int
    num_steps: int
    tail_steps: int
    losses: dict[Metric, Losses]
    diverged_at: NDArray[np.int64]
    is_measured: NDArray[np.bool_]
    sharpness: Values
    measurement_steps: NDArray[np.int64]
    train_curves: Callable[[int, int], Values] = no_curves
    kappa: float = 2.0
    coordinate_changes: Values | None = None
    initial_activations: Values | None = None
    has_constant_output: bool = False
    has_tied_readout: bool = False
    axis: Axis = Axis.WIDTH
    is_planned: NDArray[np.bool_] | None = None
    reached: NDArray[np.int64] | None = None
    until: Callable[[int], Sweep] | None = None
    field: Field | None = None
    random_seed: int = 0
    declared_loss: Metric | None = None
    is_seen_once: bool = False
    cost_unit: CostUnit = CostUnit.SHARE
    settle: Settle | None = None
    further: Sweep | None = None
    extents: tuple[float, ...] | None = None
    lr_factor: float = 1.0

    @property
    def is_step_up(self) -> bool:
        """Return whether base and target differ in their training, so that only each alone is comparable."""
        return self.axis in OF_TRAINING

    @property
    def deciding_loss(self) -> Metric | None:
        """Return the loss that decides, the one declared where it was recorded; None without any loss."""
        wanted = TUNED_ON if self.declared_loss is None else (self.declared_loss, *TUNED_ON)
        return next((loss for loss in wanted if loss in self.losses), None)

    def can_interpolate(self, loss: Metric) -> bool:
        """Return whether a very low loss may be memory: the training loss of examples seen repeatedly."""
        return loss is Metric.TRAIN_LOSS and not self.is_seen_once

    @property
    def judged_losses(self) -> list[Metric]:
        """Return the recorded losses, the deciding one first."""
        return sorted(
            (loss for loss in TUNED_ON if loss in self.losses), key=lambda loss: loss != self.deciding_loss
        )

    @property
    def base(self) -> Size:
        """Return the size the LR is tuned at."""
        return self.sizes[self.base_index]

    @property
    def widths(self) -> tuple[int, ...]:
        """Return the width of every size."""
        return tuple(size.width for size in self.sizes)

    @property
    def log2_extents(self) -> Values:
        """Return log2 of what grows on the axis, [W]: width, depth, or their product for both."""
        if self.extents is not None:
            return np.log2(np.asarray(self.extents, dtype=np.float64))
        of_axis = {Axis.WIDTH: (1.0, 0.0), Axis.DEPTH: (0.0, 1.0), Axis.BOTH: (1.0, 1.0)}[self.axis]
        extents: Values = np.log2(np.asarray(self.sizes, dtype=np.float64)) @ np.array(of_axis)
        return extents

    @property
    def log2_lrs(self) -> Values:
        """Return the grid as log2 LR, [E]."""
        return np.log2(np.asarray(self.lrs, dtype=np.float64))

    @property
    def larger(self) -> list[int]:
        """Return the indices of the sizes above the base, which are the ones judged."""
        if self.is_step_up:
            return [i for i in range(len(self.sizes)) if i != self.base_index]
        return [i for i, size in enumerate(self.sizes) if axis_of(size, self.base) is self.axis]

    def index_of(self, size: Size) -> int:
        """Return the index of a size; of a step up the larger training, which may have the base's size."""
        return self.larger[0] if self.is_step_up else self.sizes.index(size)

    def lr_at(self, size_index: int, lr: float) -> float:
        """Return what a size trains with where the base trains with `lr`."""
        return lr if size_index == self.base_index else lr * self.lr_factor

    @property
    def counts(self) -> NDArray[np.bool_]:
        """Return the mask [W, E, S] of runs that were planned and have a result."""
        return self.is_measured if self.is_planned is None else self.is_measured & self.is_planned

    @property
    def planned(self) -> list[int]:
        """Return the indices of the larger sizes with at least one planned run."""
        return [i for i in self.larger if self.num_planned(i) > 0]

    def shared_seeds(self, size_index: int) -> NDArray[np.intp]:
        """Return the indices of the seeds of which size and base both have results."""
        has_results_WS: NDArray[np.bool_] = np.any(self.counts, axis=1, keepdims=False)
        return np.flatnonzero(has_results_WS[self.base_index] & has_results_WS[size_index])

    def shared(self, values_WES: Values, size_index: int) -> Values:
        """Return the values of a size at the seeds it shares with the base, [E, S']."""
        of_size: Values = values_WES[size_index][:, self.shared_seeds(size_index)]
        return of_size

    def seed_mean(self, loss: Metric, size_index: int) -> Values:
        """Return the loss over the seeds shared with the base, [E]; NaN at an LR that one of them lacks."""
        return complete_mean(self.shared(self.judged(loss), size_index))

    def initial(self, loss: Metric) -> Values:
        """Return the loss at init per size and seed, [W, S]; it is the same for every LR."""
        return mean_of_finite(self.losses[loss].initial, axis=1)

    def judged(self, loss: Metric) -> Values:
        """Return the loss every run is judged by, [W, E, S]; NaN where it is missing.

        A run that diverged, or ended without a finite value, counts as the loss at init, but never as less
        than the worst surviving seed of the same size and LR, so that a divergence cannot lower a mean. Where
        no run of a size has survived nothing was measured there, and all of it is missing.
        """
        final = self.losses[loss].final
        has_failed = (self.diverged_at >= 0) | ~np.isfinite(final)
        has_survived = self.counts & ~has_failed
        worst = np.where(has_survived, final, -np.inf).max(axis=2, initial=-np.inf, keepdims=True)
        as_failed = np.maximum(self.initial(loss)[:, None, :], worst)
        is_known = self.counts & has_survived.any(axis=(1, 2), keepdims=True)
        return np.where(is_known, np.where(has_failed, as_failed, final), np.nan)

    def divergence_rate(self, size_index: int, lr_index: int) -> float | None:
        """Return M4, the share of a size's seeds that diverged at an LR; None when none has a result."""
        counts = self.counts[size_index, lr_index]
        has_diverged = self.diverged_at[size_index, lr_index][counts] >= 0
        if self.further is not None:
            added = self.further.counts[size_index, lr_index]
            diverged_at = self.further.diverged_at[size_index, lr_index][added]
            has_diverged = np.concatenate([has_diverged, diverged_at >= 0])
        return float(has_diverged.mean()) if len(has_diverged) else None

    def curves(self, size_index: int, lr_index: int) -> Values:
        """Return the train loss of the seeds shared with the base, [T, S'], up to the last step all have."""
        curves_TS = self.train_curves(size_index, lr_index)
        seeds = self.shared_seeds(size_index)
        return curves_TS[:, seeds] if curves_TS.shape[1] == self.num_seeds else np.empty((0, 0))

    def num_planned(self, size_index: int) -> int:
        """Count the planned runs of a size."""
        if self.is_planned is None:
            return len(self.lrs) * self.num_seeds
        return int(self.is_planned[size_index].sum())

    def num_missing(self, size_index: int) -> int:
        """Count the runs of a size that were planned but have no result."""
        return self.num_planned(size_index) - int(self.counts[size_index].sum())


def mean_of_finite(values: Values, *, axis: int) -> Values:
    """Return the mean of the finite values along an axis; NaN where there is none."""
    is_finite = np.isfinite(values)
    count = is_finite.sum(axis=axis)
    total = np.where(is_finite, values, 0.0).sum(axis=axis)
    mean: Values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean


def complete_mean(values: Values) -> Values:
    """Return the mean over the last axis (seeds); NaN if one seed is missing, or without seeds."""
    if values.shape[-1] == 0:
        return np.full(values.shape[:-1], np.nan)
    mean: Values = values.mean(axis=-1)
    return mean


def deciding_loss_of(sweeps: Sequence[Sweep]) -> Metric | None:
    """Return the loss that decides an arm's sweeps; None if no loss was recorded."""
    return sweeps[0].deciding_loss
