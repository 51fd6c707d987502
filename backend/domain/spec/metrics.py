"""Metrics, their measurement steps, and the windows they are stored in.

Steps run 0..num_steps; the loss of a step is taken before its update. A window k covers the steps
[k·chunk_steps, (k+1)·chunk_steps) and depends on the spec only, never on the clock, so that a recomputed
chunk has the same key and the same bytes (docs/architecture.md §8.2).
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from muscope.backend.domain.spec.coordinates import NUM_CHANGES, Part

# Number of largest eigenvalues that the spectral measures keep: as many as the paper plots.
NUM_EIGENVALUES = 5
# Bins of the spectral density; their edges are part of the spec.
NUM_DENSITY_BINS = 64


class Metric(StrEnum):
    """Quantity recorded for every run."""

    TRAIN_LOSS = "train_loss"
    VAL_LOSS = "val_loss"
    VAL_ACCURACY = "val_accuracy"
    VAL_MAE = "val_mae"
    SHARPNESS = "sharpness"
    SHARPNESS_RESIDUAL = "sharpness_residual"
    SHARPNESS_HVPS = "sharpness_hvps"
    SHARPNESS_CONVERGED = "sharpness_converged"
    RAW_SHARPNESS = "raw_sharpness"
    HESSIAN_TRACE = "hessian_trace"
    HESSIAN_TRACE_ERROR = "hessian_trace_error"
    GAUSS_NEWTON_SHARPNESS = "gauss_newton_sharpness"
    RESIDUAL_SHARPNESS = "residual_sharpness"
    NTK_EIGENVALUES = "ntk_eigenvalues"
    HESSIAN_EIGENVALUES = "hessian_eigenvalues"
    HESSIAN_DENSITY = "hessian_density"
    COORDINATE_CHANGE = "coordinate_change"
    INITIAL_ACTIVATION = "initial_activation"


class MetricInfo(NamedTuple):
    """`unit` is a catalogue key suffix (`unit.<unit>`); `every_step` False means measurement steps only.

    `num_components` is K, the values a run has at a step: chunks of a metric with K > 1 are `[T, R, K]`.
    `only_first`: at step 0 and never again. `larger_is_better`: a larger value is an improvement.
    """

    unit: str
    every_step: bool
    is_summarised: bool = True
    num_components: int = 1
    only_first: bool = False
    larger_is_better: bool = False


METRIC_INFO: dict[Metric, MetricInfo] = {
    Metric.TRAIN_LOSS: MetricInfo("loss", every_step=True),
    Metric.VAL_LOSS: MetricInfo("loss", every_step=False),
    Metric.VAL_ACCURACY: MetricInfo("fraction", every_step=False, larger_is_better=True),
    Metric.VAL_MAE: MetricInfo("label", every_step=False),
    Metric.SHARPNESS: MetricInfo("inverse_lr", every_step=False),
    Metric.SHARPNESS_RESIDUAL: MetricInfo("relative", every_step=False, is_summarised=False),
    Metric.SHARPNESS_HVPS: MetricInfo("count", every_step=False, is_summarised=False),
    Metric.SHARPNESS_CONVERGED: MetricInfo("flag", every_step=False, is_summarised=False),
    Metric.RAW_SHARPNESS: MetricInfo("inverse_lr", every_step=False),
    Metric.HESSIAN_TRACE: MetricInfo("inverse_lr", every_step=False),
    Metric.HESSIAN_TRACE_ERROR: MetricInfo("inverse_lr", every_step=False, is_summarised=False),
    Metric.GAUSS_NEWTON_SHARPNESS: MetricInfo("inverse_lr", every_step=False),
    Metric.RESIDUAL_SHARPNESS: MetricInfo("inverse_lr", every_step=False),
    Metric.NTK_EIGENVALUES: MetricInfo(
        "inverse_lr", every_step=False, is_summarised=False, num_components=NUM_EIGENVALUES
    ),
}


METRIC_INFO |= {
    Metric.HESSIAN_EIGENVALUES: METRIC_INFO[Metric.NTK_EIGENVALUES],
    Metric.HESSIAN_DENSITY: MetricInfo(
        "fraction", every_step=False, is_summarised=False, num_components=NUM_DENSITY_BINS
    ),
    # Of every part of a network: its change over the first updates, and its root mean square before.
    Metric.COORDINATE_CHANGE: MetricInfo(
        "activation", every_step=False, is_summarised=False, num_components=NUM_CHANGES, only_first=True
    ),
    Metric.INITIAL_ACTIVATION: MetricInfo(
        "activation", every_step=False, is_summarised=False, num_components=len(Part), only_first=True
    ),
}


class Spacing(StrEnum):
    """Spacing of the measurement steps of a run."""

    EVEN = "even"
    LOG = "log"  # as many, but dense at the beginning, where sharpness changes most


@lru_cache(maxsize=256)
def _log_steps(num_steps: int, measure_every: int) -> tuple[int, ...]:
    """Return step 0 and geometrically spaced steps from 1 to `num_steps`, as many as with even spacing."""
    count = max(2, -(-num_steps // measure_every))
    ratios = (num_steps ** (index / (count - 1)) for index in range(count))
    return (0, *sorted({round(ratio) for ratio in ratios} | {num_steps}))


class Schedule(NamedTuple):
    """Measurement steps of a cell and ends of its chunks; all in steps."""

    num_steps: int
    measure_every: int
    chunk_steps: int
    spacing: Spacing = Spacing.EVEN

    def measures_at(self, step: int) -> bool:
        """Return whether `step` is a measurement step; step 0 and the last one always are."""
        if self.spacing is Spacing.LOG:
            return step in _log_steps(self.num_steps, self.measure_every)
        return step % self.measure_every == 0 or step == self.num_steps

    def measurement_index(self, step: int) -> int:
        """Return the index of a measurement step among all of them, from 0."""
        if self.spacing is Spacing.LOG:
            return _log_steps(self.num_steps, self.measure_every).index(step)
        return -(-step // self.measure_every)

    def window_starts(self) -> range:
        """Return the first step of every window."""
        return range(0, self.num_steps + 1, self.chunk_steps)

    def window_steps(self, first_step: int) -> range:
        """Return the steps of the window that starts at `first_step`."""
        return range(first_step, min(first_step + self.chunk_steps, self.num_steps + 1))

    def metric_steps(self, metric: Metric, first_step: int) -> list[int]:
        """Return the steps of a window at which `metric` has a value; the T axis of its chunk."""
        steps = self.window_steps(first_step)
        if METRIC_INFO[metric].only_first:
            return [step for step in steps if step == 0]
        if METRIC_INFO[metric].every_step:
            return list(steps)
        return [step for step in steps if self.measures_at(step)]

    def num_measurements(self) -> int:
        """Count the measurement steps of a whole run."""
        return self.measurement_index(self.num_steps) + 1  # the last step always is one


def eos_threshold(
    lr: float, *, momentum: float = 0.0, nesterov: bool = False, dampening: float = 0.0
) -> float:
    """Return κ/lr, the LR-weighted sharpness above which gradient descent on a quadratic is unstable.

    κ is 2 for plain SGD, 2+2b for heavy ball, (2+2b)/(1+2b) for Nesterov and (2+2b)/(1-b) when the gradient
    is damped by 1-b (docs/science.md §4.1; Cohen et al. 2021). Unit: 1/lr.
    """
    kappa = 2.0 + 2.0 * momentum
    if nesterov:
        kappa /= 1.0 + 2.0 * momentum
    return kappa / (1.0 - dampening) / lr
