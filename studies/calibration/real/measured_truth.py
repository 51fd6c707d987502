"""Measured truth at the largest visible size and at the hidden ones, from seeds of its own.

Shapes: E learning rates, S seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from muscope.backend.analysis.advice.divergence_border import border_at
from muscope.backend.analysis.statistics.intervals import standard_error
from muscope.backend.analysis.statistics.optimum import Optimum, find_optimum
from muscope.backend.analysis.sweep import Sweep, Values
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Size
from studies.calibration.kept import Cell
from studies.calibration.real.sweep import deciding_loss_of, finals_of, initials_of, visible_sweep
from studies.calibration.real.task import STEP, Task
from studies.calibration.truth import Truth
from studies.cells.jobs import Result, Results

# As in the verdict: a benefit of size counts above so many standard errors.
GAIN_STANDARD_ERRORS = 2.0
# A narrow search goes so far to either side, in octaves.
SEARCH = 1.0


@dataclass(frozen=True)
class Held:
    """Measured costs of an LR at one size.

    Attributes:
        doublings: of the extent, beyond the largest visible size; 0 at that size.
        regret_error: standard error of the regret over seeds.
        search_regret: what is still lost by the best LR within an octave; None where a page taken over
            does not tell.
        is_bound: the best LR lies at the end of the window, so that the true regret may be larger.
        is_safe_range_kept: up to the border of divergence that the visible sizes lead to, no seed diverged;
            None where no border was seen or nothing below it was tried.
        advised: what comes of the LRs that the outlook recommends for this size, as far as they were tried.
    """

    doublings: float
    truth: Truth
    regret_error: float
    search_regret: float | None
    is_bound: bool
    is_safe_range_kept: bool | None = None
    advised: tuple[Truth, ...] = ()


def held_at(
    task: Task, results: Results, lr: float | None, advice: Callable[[Size], Sequence[float]]
) -> list[Held]:
    """Return the truth of an LR at the largest visible size and at every hidden one.

    Args:
        lr: None: the base's best LR.
        advice: the LRs that are recommended for a size.
    """
    base, largest = task.best_at_ends(results)
    base_cell, *cells = task.true_cells(base, largest)
    log2_lr = float(np.log2(lr)) if lr is not None else task.log2_lrs[base[0]]
    loss = deciding_loss_of(task)
    of_base = _True.of(base_cell, results[base_cell.key()], loss)
    visible, found = visible_sweep(task, results), []
    for extent, cell in zip((task.visible[-1], *task.hidden), cells, strict=True):
        target = _True.of(cell, results[cell.key()], loss)
        size, doublings = task.size(extent), float(np.log2(extent / task.visible[-1]))
        tried = [index for lr in advice(size) if (index := target.nearest(float(np.log2(lr)))) is not None]
        found.append(
            replace(
                _held(target, of_base, log2_lr, doublings),
                is_safe_range_kept=_is_kept(visible, target, size),
                advised=tuple(_truth(target, of_base, index) for index in dict.fromkeys(tried)),
            )
        )
    return found


def _is_kept(visible: Sweep, target: _True, size: Size) -> bool | None:
    border = border_at([visible], size)
    if border is None or not border.is_seen:
        return None
    below = target.log2_lrs <= border.log2_lr + 1e-9
    return not target.has_diverged[below].any() if below.any() else None


@dataclass(frozen=True)
class _True:
    """Sweep of the truth: the deciding loss [E, S], a diverged run counted as its loss at init."""

    log2_lrs: Values
    losses: Values
    initial: float
    has_diverged: np.ndarray

    @classmethod
    def of(cls, cell: Cell, result: Result, loss: Metric) -> _True:
        log2_lrs = np.array(sorted({float(np.log2(run.lr)) for run in cell.program.runs}))
        shape = (len(log2_lrs), len(cell.program.runs) // len(log2_lrs))
        final = finals_of(result, loss, shape)
        initial = initials_of(result, loss, shape)
        failed = ~np.isfinite(final)
        return cls(
            log2_lrs,
            np.where(failed, np.fmax(initial, np.nan_to_num(final, nan=-np.inf)), final),
            float(initial.mean()),
            failed,
        )

    def nearest(self, log2_lr: float) -> int | None:
        """Return the place of the LR that was tried nearest to one; None beyond what was tried."""
        index = int(np.abs(self.log2_lrs - log2_lr).argmin())
        return index if abs(self.log2_lrs[index] - log2_lr) <= STEP / 2 + 1e-9 else None

    @property
    def best(self) -> Optimum:
        """Return the best LR."""
        found = find_optimum(self.log2_lrs, self.losses.mean(axis=1))
        assert found is not None, "a diverged run counts as its loss at init"
        return found

    @property
    def reduction(self) -> float:
        """Return by how much the best LR lowers the loss."""
        return self.initial - float(self.losses[self.best.index].mean())


def _held(target: _True, base: _True, log2_lr: float, doublings: float) -> Held:
    best, reduction = target.best, target.reduction
    index = int(np.abs(target.log2_lrs - log2_lr).argmin())
    assert abs(target.log2_lrs[index] - log2_lr) < 1e-6, "the window holds the rates the base likes"
    error = standard_error(target.losses[index] - target.losses[best.index])
    near = np.abs(target.log2_lrs - log2_lr) <= SEARCH
    lost_by_search = float(target.losses[near].mean(axis=1).min() - target.losses[best.index].mean())
    has_learned = reduction > 0  # else every LR of the window diverges
    return Held(
        doublings,
        _truth(target, base, index),
        error / reduction if has_learned else 0.0,
        lost_by_search / reduction if has_learned else 1.0,
        best.is_edge,
    )


def _truth(target: _True, base: _True, index: int) -> Truth:
    best, of_base, reduction = target.best, base.best, target.reduction
    excess_S = target.losses[index] - target.losses[best.index]
    gain = float(base.losses[of_base.index].mean() - target.losses[best.index].mean())
    num_seeds = min(base.losses.shape[1], target.losses.shape[1])
    gain_S = base.losses[of_base.index][:num_seeds] - target.losses[best.index][:num_seeds]
    has_gain = gain_S.mean() > GAIN_STANDARD_ERRORS * standard_error(gain_S)
    return Truth(
        regret=float(excess_S.mean()) / reduction if reduction > 0 else 1.0,
        shift=best.log2_lr - of_base.log2_lr,
        gain_loss=float(excess_S.mean() / gain) if has_gain else None,
        benefit=max(0.0, gain / reduction) if reduction > 0 else 0.0,
        divergence=float(target.has_diverged[index].mean()),
    )
