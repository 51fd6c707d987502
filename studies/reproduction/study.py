"""Comparison of sizes under several arms: an LR sweep of each, then curvature along training at one LR.

The LR of the trajectories is chosen where a user would choose it: on the smallest size, from its sweep.

Shapes: W sizes, E learning rates, S seeds, M measurements, T steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from muscope.backend.analysis.measures.transfer import optima
from muscope.backend.analysis.statistics.optimum import find_optimum
from muscope.backend.analysis.sweep import Losses, Sweep, Values, complete_mean
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.metrics import Metric, Spacing
from muscope.backend.domain.spec.size import Axis, Size
from muscope.worker.numerics.program import CellProgram
from studies.cells.jobs import Job, Result, Results

TAIL_FRACTION = 0.1
UNREAD_BATCH = 8


@dataclass(frozen=True)
class Study:
    """Sizes × arms on one dataset.

    Attributes:
        template: a program; width or depth, runs and schedule are filled in.
        axis: `width` or `depth`, the field the sizes go into.
        arms: by name, changes to the template; the first is the one the claim is about.
        log2_lrs: the grid of every sweep.
        octaves: the LR of the trajectories against the smallest size's best, in octaves.
        measures_at: how many measurements a trajectory has.
        sweeps_all: whether all sizes have an LR sweep; else the smallest one only, which gives the LR.
        changes: of the trajectories against the sweeps, such as what is measured.
    """

    data: str
    template: CellProgram
    axis: str
    sizes: tuple[int, ...]
    arms: Mapping[str, Mapping[str, Any]]
    log2_lrs: tuple[float, ...]
    seeds: tuple[int, ...]
    octaves: float = -1.0
    measures_at: int = 12
    spacing: Spacing = Spacing.EVEN
    sweeps_all: bool = True
    changes: Mapping[str, Any] = field(default_factory=dict)

    def plan(self, results: Results) -> list[Job]:
        """Return every cell known so far: trajectories follow once their LR is."""
        jobs = []
        for arm in self.arms:
            swept = self.sizes if self.sweeps_all else self.sizes[:1]
            jobs += [self.sweep_job(arm, size) for size in swept]
            if self.base_log2_lr(results, arm) is not None:
                jobs += [self.trajectory_job(results, arm, size) for size in self.sizes]
        return jobs

    def sweep_job(self, arm: str, size: int) -> Job:
        """Return the cell of all LRs at one size.

        The trainer measures sharpness at both ends at least; nobody reads it here, so it is made cheap.
        """
        program = self._program(arm, size)
        runs = tuple(PlannedRun(i, 2.0**e, seed) for i, e in enumerate(self.log2_lrs) for seed in self.seeds)
        swept = replace(program, runs=runs, measure_every=program.num_steps)
        return Job(self.data, replace(swept, sharpness_batch_size=UNREAD_BATCH, sharpness_tolerance=0.5))

    def trajectory_job(self, results: Results, arm: str, size: int) -> Job:
        """Return the cell of the chosen LR at one size, measured along the way."""
        log2_lr = self.base_log2_lr(results, arm)
        assert log2_lr is not None, "the smallest size's sweep comes first"
        program = self._program(arm, size)
        runs = tuple(PlannedRun(0, 2.0 ** (log2_lr + self.octaves), seed) for seed in self.seeds)
        every = max(1, program.num_steps // self.measures_at)
        measured = replace(program, runs=runs, measure_every=every, measure_spacing=self.spacing)
        return Job(self.data, replace(measured, **self.changes))

    def base_log2_lr(self, results: Results, arm: str) -> float | None:
        """Return the best LR of the smallest size on the grid, None before its sweep is there."""
        job = self.sweep_job(arm, self.sizes[0])
        if job.key() not in results:
            return None
        sweep = self._collect(results, [job], self.log2_lrs)
        best = find_optimum(sweep.log2_lrs, complete_mean(sweep.judged(Metric.TRAIN_LOSS))[0])
        assert best is not None, "a diverged run counts as the loss at init"
        return self.log2_lrs[best.index]

    def sweep(self, results: Results, arm: str) -> Sweep:
        """Return the LR sweeps of all sizes."""
        return self._collect(results, [self.sweep_job(arm, size) for size in self.sizes], self.log2_lrs)

    def trajectory(self, results: Results, arm: str) -> Sweep:
        """Return the trajectories of all sizes: a sweep of one LR."""
        base = self.base_log2_lr(results, arm)
        assert base is not None
        jobs = [self.trajectory_job(results, arm, size) for size in self.sizes]
        return self._collect(results, jobs, (base + self.octaves,))

    def measured(self, results: Results, arm: str, metric: Metric) -> tuple[Values, Values]:
        """Return the steps [M] and the values [W, M, S, ...] of a metric along the trajectories."""
        found = [results[self.trajectory_job(results, arm, size).key()] for size in self.sizes]
        return found[0].steps[metric].astype(np.float64), np.stack([one.values[metric] for one in found])

    def shift(self, results: Results, arm: str) -> tuple[float, bool]:
        """Return the optimum of the largest size against the smallest, in octaves, and if it is a bound."""
        found = optima(self.sweep(results, arm), Metric.TRAIN_LOSS)
        first, last = found[0], found[-1]
        assert first is not None
        assert last is not None
        return last.log2_lr - first.log2_lr, first.is_edge or last.is_edge

    def _program(self, arm: str, size: int) -> CellProgram:
        changes: dict[str, Any] = {self.axis: size, **self.arms[arm]}
        return replace(self.template, **changes)

    def _size(self, program: CellProgram, size: int) -> Size:
        return Size(size, program.depth) if self.axis == "width" else Size(program.width, size)

    def _collect(self, results: Results, jobs: list[Job], log2_lrs: tuple[float, ...]) -> Sweep:
        found = [results[job.key()] for job in jobs]
        program = jobs[0].program
        tail = max(1, round(TAIL_FRACTION * program.num_steps))
        shape = (len(found), len(log2_lrs), len(self.seeds))
        final, initial = _losses(found, tail, shape)
        diverged = [[-1 if at is None else at for at in one.diverged_at] for one in found]
        sharpness = [one.values[Metric.SHARPNESS].T for one in found]
        curves = [one.values[Metric.TRAIN_LOSS].reshape(-1, *shape[1:]) for one in found]
        return Sweep(
            sizes=tuple(self._size(program, size) for size in self.sizes[: len(found)]),
            axis=Axis(self.axis),
            lrs=tuple(2.0**e for e in log2_lrs),
            lr_indices=tuple(range(len(log2_lrs))),
            base_index=0,
            num_seeds=len(self.seeds),
            num_steps=program.num_steps,
            tail_steps=tail,
            losses={Metric.TRAIN_LOSS: Losses(final, initial)},
            diverged_at=np.array(diverged).reshape(shape),
            is_measured=np.ones(shape, np.bool_),
            sharpness=np.array(sharpness).reshape(*shape, -1),
            measurement_steps=found[0].steps[Metric.SHARPNESS],
            train_curves=lambda size_index, lr_index: curves[size_index][:, lr_index],
            kappa=program.optimizer.kappa,
        )


def _losses(found: list[Result], tail: int, shape: tuple[int, int, int]) -> tuple[Values, Values]:
    """Return the mean loss of the last `tail` steps, NaN where a run diverged, and the loss at step 0."""
    curves = [one.values[Metric.TRAIN_LOSS] for one in found]
    final = np.array([curve[-tail:].mean(axis=0) for curve in curves]).reshape(shape)
    return final, np.array([curve[0] for curve in curves]).reshape(shape)
