"""Builds from kept cells the spec and the sweep that a verdict is made of.

Shapes: W sizes, E learning rates, S seeds, M measurements.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace

import numpy as np

from muscope.backend.analysis.final_values import final_steps, final_values
from muscope.backend.analysis.sweep import Losses, Sweep, Values, no_curves
from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec
from muscope.backend.domain.spec.judging.decision import Settle, deciding_loss, is_seen_once
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Axis
from studies.calibration.real.task import LATE_SEEDS, SEEDS, SETTLE_SEEDS, TAIL_FRACTION, Task, together
from studies.cells.datasets import dataset
from studies.cells.jobs import Result, Results

MOST_FURTHER = len(SETTLE_SEEDS) + len(LATE_SEEDS)


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
        deciding_loss=deciding_loss_of(task),
        settle=Settle(),
    )


def shape_of(data: str) -> DatasetShape:
    """Return the shape of a dataset of the study."""
    arrays = dataset(data)
    return DatasetShape(
        task=arrays.task,
        num_features=arrays.x_train.shape[1],
        num_outputs=arrays.num_outputs,
        num_train=len(arrays.x_train),
        num_val=len(arrays.x_val),
        image=arrays.image,
    )


def deciding_loss_of(task: Task) -> Metric:
    """Return the loss that the product would declare for the task."""
    return deciding_loss(shape_of(task.data), num_steps=task.num_steps, batch_size=task.batch_size)


def is_seen_once_in(task: Task) -> bool:
    """Return whether the task trains on an example about once."""
    num_train = shape_of(task.data).num_train
    return is_seen_once(num_train, num_steps=task.num_steps, batch_size=task.batch_size)


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
            np.stack([finals_of(one, loss, shape[1:]) for one in found]),
            np.stack([initials_of(one, loss, shape[1:]) for one in found]),
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
        declared_loss=spec.deciding_loss,
        is_seen_once=is_seen_once_in(task),
        settle=spec.settle,
    )


def with_settle_seeds(task: Task, results: Results) -> Sweep:
    """Return the visible sizes with the seeds that a settle stage can add at the largest one.

    Seeds that were not trained have no result.
    """
    visible = visible_sweep(task, results)
    cells = task.settle_cells(*task.best_at_ends(results))
    result = together([(cell, results[cell.key()]) for cell in cells])
    indices = sorted({run.lr_index for cell in cells for run in cell.program.runs})
    trained = (*SETTLE_SEEDS, *LATE_SEEDS)[: len(result.diverged_at) // len(indices)]
    shape, whole = (len(indices), len(trained)), (*visible.is_measured.shape[:2], MOST_FURTHER)
    of_cells = np.ix_([whole[0] - 1], indices, range(len(trained)))
    is_measured = np.zeros(whole, np.bool_)
    is_measured[of_cells] = True
    losses = {}
    for loss in visible.losses:
        final, initial = np.full(whole, np.nan), np.full(whole, np.nan)
        final[of_cells] = finals_of(result, loss, shape)
        initial[of_cells] = initials_of(result, loss, shape)
        losses[loss] = Losses(final, initial)
    diverged_at = np.full(whole, -1)
    diverged_at[of_cells] = np.array([-1 if at is None else at for at in result.diverged_at]).reshape(shape)
    further = replace(
        visible,
        num_seeds=MOST_FURTHER,
        losses=losses,
        diverged_at=diverged_at,
        is_measured=is_measured,
        sharpness=np.full((*whole, visible.sharpness.shape[-1]), np.nan),
        train_curves=no_curves,
    )
    return replace(visible, further=further)


def finals_of(result: Result, loss: Metric, shape: tuple[int, ...]) -> Values:
    """Return the final loss [E, S], as the product defines it; NaN where a run diverged."""
    steps, values = result.steps[loss], result.values[loss]
    end = int(steps[-1])
    wanted = final_steps(loss, steps, end=end, tail_steps=max(1, math.ceil(TAIL_FRACTION * end)))
    has_diverged = np.array([at is not None for at in result.diverged_at])
    finals: Values = np.where(has_diverged, np.nan, final_values(loss, steps, values, wanted)).reshape(shape)
    return finals


def initials_of(result: Result, loss: Metric, shape: tuple[int, ...]) -> Values:
    initials: Values = result.values[loss][0].reshape(shape)
    return initials


def _sharpness(task: Task, results: Results, shape: tuple[int, ...]) -> tuple[Values, np.ndarray]:
    cells = task.curvature_cells(task.best_at_ends(results)[0])
    steps = results[cells[0].key()].steps[Metric.SHARPNESS]
    sharpness = np.full((*shape, len(steps)), np.nan)
    for index, cell in enumerate(cells):
        for run, values_M in zip(
            cell.program.runs, results[cell.key()].values[Metric.SHARPNESS].T, strict=True
        ):
            sharpness[index, run.lr_index, SEEDS.index(run.seed)] = values_M
    return sharpness, steps
