"""Optional measures of a spec: the metrics each records, and its cost per run.

Sharpness is not among them: it is always measured. Measures of curvature are taken at the measurement steps,
on the sharpness batch, and all but the raw sharpness are LR-weighted (C^½ · C^½), so that sizes can be
compared. The coordinate check is made once, from the initial weights, on the same batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.metrics import NUM_DENSITY_BINS, Metric

# Var of the estimate is 2(‖A‖_F² - Σ a_ii²) / probes (docs/science.md §4.2): a few percent for a flat
# spectrum.
TRACE_PROBES = 20


# Stochastic Lanczos quadrature, between the quick and the publication setting of docs/science.md §4.2.
DENSITY_PROBES = 4
DENSITY_STEPS = 40  # orthogonalising them costs three quarters as much again; measured, docs/log.md


class Measure(StrEnum):
    """Measure that a spec may request."""

    RAW_SHARPNESS = "raw_sharpness"
    NTK = "ntk"
    HESSIAN_EIGENVALUES = "hessian_eigenvalues"
    GAUSS_NEWTON = "gauss_newton"
    HESSIAN_TRACE = "hessian_trace"
    HESSIAN_DENSITY = "hessian_density"
    COORDINATE_CHECK = "coordinate_check"


class MeasureInfo(NamedTuple):
    """Metrics and cost of a measure.

    `hvps` are Hessian-vector products a value, `copies` parameter-sized vectors kept per run, `turn_copies`
    those of the run that is being measured.
    """

    metrics: tuple[Metric, ...]
    hvps: float
    copies: int
    turn_copies: int = 0


# Mean products of a warm eigenvalue, as measured for sharpness (docs/log.md): `cost.HVPS_PER_WARM_VALUE`.
_HVPS_PER_EIGENVALUE = 6.0

MEASURE_INFO: dict[Measure, MeasureInfo] = {
    Measure.RAW_SHARPNESS: MeasureInfo((Metric.RAW_SHARPNESS,), _HVPS_PER_EIGENVALUE, copies=1),
    Measure.HESSIAN_TRACE: MeasureInfo(
        (Metric.HESSIAN_TRACE, Metric.HESSIAN_TRACE_ERROR),
        TRACE_PROBES,
        copies=0,
        turn_copies=4 * TRACE_PROBES,
    ),
    Measure.GAUSS_NEWTON: MeasureInfo(
        (Metric.GAUSS_NEWTON_SHARPNESS, Metric.RESIDUAL_SHARPNESS), 2 * _HVPS_PER_EIGENVALUE, copies=2
    ),
    # Its cost is that of a matrix over samples and outputs, not of products: `cost.kernel_flops`.
    Measure.NTK: MeasureInfo((Metric.NTK_EIGENVALUES,), hvps=0.0, copies=0),
    # 4-5 blocks of 5; the basis of one run, and the memory of its 5 copies.
    Measure.HESSIAN_EIGENVALUES: MeasureInfo(
        (Metric.HESSIAN_EIGENVALUES,), hvps=25.0, copies=5, turn_copies=80
    ),
    Measure.HESSIAN_DENSITY: MeasureInfo(
        (Metric.HESSIAN_DENSITY,),
        hvps=1.75 * DENSITY_PROBES * DENSITY_STEPS,
        copies=0,
        turn_copies=DENSITY_PROBES * (DENSITY_STEPS + 4),
    ),
    # Made once, priced by `effort`; its memory is freed before sharpness needs more.
    Measure.COORDINATE_CHECK: MeasureInfo(
        (Metric.COORDINATE_CHANGE, Metric.INITIAL_ACTIVATION),
        hvps=0.0,
        copies=0,
    ),
}
CURVATURE_MEASURES = frozenset(Measure) - {Measure.COORDINATE_CHECK}


class DensityGrid(Frozen):
    """Bins of the spectral density: even steps of arsinh(λ / linear_limit), unit 1/lr.

    Linear below `linear_limit`, logarithmic above, up to ±`largest`; the end bins hold everything beyond.
    """

    linear_limit: float = Field(default=1e-2, ge=1e-12, le=1e6)
    largest: float = Field(default=1e4, ge=1e-12, le=1e12)

    def edges(self) -> tuple[float, ...]:
        """Return the edges of the bins, ascending."""
        reach = math.asinh(self.largest / self.linear_limit)
        indices = (2 * index / NUM_DENSITY_BINS - 1 for index in range(NUM_DENSITY_BINS + 1))
        return tuple(self.linear_limit * math.sinh(reach * index) for index in indices)


def measured_metrics(measures: Iterable[Measure]) -> tuple[Metric, ...]:
    """Return the metrics of `measures`, in order."""
    return tuple(metric for measure in measures for metric in MEASURE_INFO[measure].metrics)


def without_curvature(measures: Iterable[Measure]) -> tuple[Measure, ...]:
    """Return the measures that remain where no curvature is measured."""
    return tuple(measure for measure in measures if measure is Measure.COORDINATE_CHECK)


def measure_hvps(measures: Iterable[Measure]) -> float:
    """Sum the Hessian-vector products of `measures` at a measurement step."""
    return sum(MEASURE_INFO[measure].hvps for measure in measures)


def turn_copies(measures: Iterable[Measure]) -> int:
    """Return the parameter-sized vectors of the run being measured; measures are taken one after another."""
    return max((MEASURE_INFO[measure].turn_copies for measure in measures), default=0)


def measure_copies(measures: Iterable[Measure]) -> int:
    """Sum the parameter-sized vectors that `measures` keep per run."""
    return sum(MEASURE_INFO[measure].copies for measure in measures)
