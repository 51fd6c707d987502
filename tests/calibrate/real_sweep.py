"""From kept cells to what a verdict sees, and to what is true at the sizes it does not see.

Shapes: W sizes, E learning rates, S seeds, M measurements.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from backend.analysis.divergence_border import border_at
from backend.analysis.intervals import standard_error
from backend.analysis.optimal_lr import find_optimum
from backend.analysis.sweep import Losses, Sweep, Values
from backend.domain.experiment import Arm, ExperimentSpec
from backend.domain.metrics import Metric
from backend.domain.size import Axis, Size
from tests.calibrate.kept import Cell
from tests.calibrate.task import SEEDS, TAIL_FRACTION, Task
from tests.calibrate.truth import Truth
from tests.reproduce.jobs import Result, Results

# As in the verdict: a benefit of size counts above so many standard errors.
GAIN_STANDARD_ERRORS = 2.0
# A narrow search goes so far to either side, in octaves.
SEARCH = 1.0


def spec_of(task: Task) -> ExperimentSpec:
    """Return the spec of what is visible, as a user would have planned it."""
    widths = task.visible if task.axis is Axis.WIDTH else (task.other,)
    depths = task.visible if task.axis is Axis.DEPTH else (task.other,)
    return ExperimentSpec(
        dataset_sha256=hashlib.sha256(task.data.encode()).hexdigest(),
        model=task.model,
        arms=(Arm(parametrization=task.parametrization, lrs=tuple(2.0**e for e in task.log2_lrs)),),
        widths=widths,
        depths=depths,
        base_width=widths[0],
        base_depth=depths[0],
        seeds=SEEDS,
        loss=task.loss,
        optimizer=task.optimizer,
        batch_size=task.batch_size,
        num_steps=task.num_steps,
        measure_every=task.measure_every,
        sharpness_batch_size=task.sharpness_batch,
        tail_fraction=TAIL_FRACTION,
    )


def with_seeds(sweep: Sweep, num_seeds: int) -> Sweep:
    """Return what the first seeds alone would have shown."""
    first = slice(num_seeds)
    return replace(
        sweep,
        num_seeds=num_seeds,
        losses={
            loss: Losses(each.final[..., first], each.initial[..., first])
            for loss, each in sweep.losses.items()
        },
        diverged_at=sweep.diverged_at[..., first],
        is_measured=sweep.is_measured[..., first],
        sharpness=sweep.sharpness[:, :, first],
        train_curves=lambda size_index, lr_index: sweep.train_curves(size_index, lr_index)[:, first],
    )


def visible_sweep(task: Task, results: Results) -> Sweep:
    """Return the visible sizes as one sweep: losses of all runs, sharpness at the reused LR and below it."""
    found = task.visible_results(results)
    shape = (len(found), len(task.log2_lrs), len(SEEDS))
    losses = {
        loss: Losses(
            np.stack([_finals(one, loss, shape[1:]) for one in found]),
            np.stack([_initials(one, loss, shape[1:]) for one in found]),
        )
        for loss in (Metric.TRAIN_LOSS, Metric.VAL_LOSS)
    }
    diverged_at = np.array([[-1 if at is None else at for at in one.diverged_at] for one in found])
    curves = [one.values[Metric.TRAIN_LOSS].reshape(-1, *shape[1:]) for one in found]
    sharpness, steps = _sharpness(task, results, shape)
    spec = spec_of(task)
    return Sweep(
        sizes=tuple(task.size(extent) for extent in task.visible),
        axis=task.axis,
        lrs=tuple(2.0**e for e in task.log2_lrs),
        lr_indices=tuple(range(len(task.log2_lrs))),
        base_index=0,
        num_seeds=len(SEEDS),
        num_steps=task.num_steps,
        tail_steps=spec.tail_steps(),
        losses=losses,
        diverged_at=diverged_at.reshape(shape),
        is_measured=np.ones(shape, np.bool_),
        sharpness=sharpness,
        measurement_steps=steps,
        train_curves=lambda size_index, lr_index: curves[size_index][:, lr_index],
        kappa=task.optimizer.kappa,
    )


def _finals(result: Result, loss: Metric, shape: tuple[int, ...]) -> Values:
    """Return the final loss [E, S]: of train losses the mean of the tail; NaN where a run diverged."""
    values = result.values[loss]
    tail = max(1, round(TAIL_FRACTION * (len(values) - 1))) if loss is Metric.TRAIN_LOSS else 1
    has_diverged = np.array([at is not None for at in result.diverged_at])
    finals: Values = np.where(has_diverged, np.nan, values[-tail:].mean(axis=0)).reshape(shape)
    return finals


def _initials(result: Result, loss: Metric, shape: tuple[int, ...]) -> Values:
    initials: Values = result.values[loss][0].reshape(shape)
    return initials


def _sharpness(task: Task, results: Results, shape: tuple[int, ...]) -> tuple[Values, np.ndarray]:
    cells = task.curvature_cells(task.best_at_ends(results)[0])
    steps = results[cells[0].key()].steps[Metric.SHARPNESS]
    sharpness = np.full((*shape, len(steps)), np.nan)
    for place, cell in enumerate(cells):
        for run, values_M in zip(
            cell.program.runs, results[cell.key()].values[Metric.SHARPNESS].T, strict=True
        ):
            sharpness[place, run.lr_index, SEEDS.index(run.seed)] = values_M
    return sharpness, steps


@dataclass(frozen=True)
class Held:
    """What an LR comes to at a hidden size.

    Attributes:
        doublings: of the extent, beyond the largest visible size.
        regret_error: standard error of the regret over seeds.
        search_regret: what is still lost by the best LR within an octave.
        is_bound: the best LR lies at the end of the window, so that the true regret may be larger.
        is_safe_range_kept: up to the border of divergence that the visible sizes lead to, no seed diverged;
            None where no border was seen or nothing below it was tried.
    """

    doublings: float
    truth: Truth
    regret_error: float
    search_regret: float
    is_bound: bool
    is_safe_range_kept: bool | None = None


def held_at_hidden(task: Task, results: Results, lr: float | None) -> list[Held]:
    """Return the truth of an LR at every hidden size; of None that of the base's best LR."""
    base, largest = task.best_at_ends(results)
    base_cell, *hidden_cells = task.true_cells(base, largest)
    log2_lr = float(np.log2(lr)) if lr is not None else task.log2_lrs[base[0]]
    of_base = _True.of(base_cell, results[base_cell.key()])
    visible, found = visible_sweep(task, results), []
    for extent, cell in zip(task.hidden, hidden_cells, strict=True):
        target = _True.of(cell, results[cell.key()])
        held = _held(target, of_base, log2_lr, float(np.log2(extent / task.visible[-1])))
        found.append(replace(held, is_safe_range_kept=_is_kept(visible, target, task.size(extent))))
    return found


def _is_kept(visible: Sweep, target: _True, size: Size) -> bool | None:
    border = border_at([visible], size)
    if border is None or not border.is_seen:
        return None
    below = target.log2_lrs <= border.log2_lr + 1e-9
    return not target.has_diverged[below].any() if below.any() else None


@dataclass(frozen=True)
class _True:
    """One sweep of the truth: validation losses [E, S], a diverged run counted as its loss at init."""

    log2_lrs: Values
    losses: Values
    initial: float
    has_diverged: np.ndarray

    @classmethod
    def of(cls, cell: Cell, result: Result) -> _True:
        log2_lrs = np.array(sorted({float(np.log2(run.lr)) for run in cell.program.runs}))
        shape = (len(log2_lrs), len(cell.program.runs) // len(log2_lrs))
        final = _finals(result, Metric.VAL_LOSS, shape)
        initial = _initials(result, Metric.VAL_LOSS, shape)
        failed = ~np.isfinite(final)
        return cls(
            log2_lrs,
            np.where(failed, np.fmax(initial, np.nan_to_num(final, nan=-np.inf)), final),
            float(initial.mean()),
            failed,
        )


def _held(target: _True, base: _True, log2_lr: float, doublings: float) -> Held:
    best, best_base = (find_optimum(one.log2_lrs, one.losses.mean(axis=1)) for one in (target, base))
    assert best is not None, "a diverged run counts as its loss at init"
    assert best_base is not None, "and so do those of the base"
    place = int(np.abs(target.log2_lrs - log2_lr).argmin())
    assert abs(target.log2_lrs[place] - log2_lr) < 1e-6, "the window holds the rates the base likes"
    excess_S = target.losses[place] - target.losses[best.index]
    reduction = target.initial - float(target.losses[best.index].mean())
    has_learned = reduction > 0  # else every LR of the window diverges
    gain_S = base.losses[best_base.index] - target.losses[best.index]
    has_gain = gain_S.mean() > GAIN_STANDARD_ERRORS * standard_error(gain_S)
    truth = Truth(
        regret=float(excess_S.mean()) / reduction if has_learned else 1.0,
        shift=best.log2_lr - best_base.log2_lr,
        gain_loss=float(excess_S.mean() / gain_S.mean()) if has_gain else None,
        divergence=float(target.has_diverged[place].mean()),
    )
    error = standard_error(excess_S) / reduction if has_learned else 0.0
    near = np.abs(target.log2_lrs - log2_lr) <= SEARCH
    lost_by_search = float(target.losses[near].mean(axis=1).min() - target.losses[best.index].mean())
    search_regret = lost_by_search / reduction if has_learned else 1.0
    return Held(doublings, truth, error, search_regret, best.is_edge)
