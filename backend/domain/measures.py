"""The closed list of optional curvature measures: what each records, and what it costs a run.

Sharpness is not among them: it is always measured. All measures are taken at the measurement steps, on the
sharpness batch, and all but the raw sharpness are LR-weighted (C^½ · C^½), so that sizes can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from backend.domain.metrics import Metric

# Var of the estimate is 2(‖A‖_F² - Σ a_ii²) / probes (science.md §4.2): a few percent for a flat spectrum.
TRACE_PROBES = 20


class Measure(StrEnum):
    """A curvature measure a spec may ask for."""

    RAW_SHARPNESS = "raw_sharpness"
    HESSIAN_TRACE = "hessian_trace"
    GAUSS_NEWTON = "gauss_newton"
    NTK = "ntk"


class MeasureInfo(NamedTuple):
    """`hvps`: Hessian-vector products a value; `copies`: vectors of a run's parameters it keeps in memory."""

    metrics: tuple[Metric, ...]
    hvps: float
    copies: int


# Mean products of a warm eigenvalue as measured for sharpness (docs/log.md): see `cost.HVPS_PER_VALUE`.
_HVPS_PER_EIGENVALUE = 6.0

MEASURE_INFO: dict[Measure, MeasureInfo] = {
    Measure.RAW_SHARPNESS: MeasureInfo((Metric.RAW_SHARPNESS,), _HVPS_PER_EIGENVALUE, copies=1),
    Measure.HESSIAN_TRACE: MeasureInfo(
        (Metric.HESSIAN_TRACE, Metric.HESSIAN_TRACE_ERROR), TRACE_PROBES, copies=4
    ),
    Measure.GAUSS_NEWTON: MeasureInfo(
        (Metric.GAUSS_NEWTON_SHARPNESS, Metric.RESIDUAL_SHARPNESS), 2 * _HVPS_PER_EIGENVALUE, copies=2
    ),
    # Its cost is that of a matrix over samples and outputs, not of products: `cost.kernel_flops`.
    Measure.NTK: MeasureInfo((Metric.NTK_EIGENVALUES,), hvps=0.0, copies=0),
}


def measured_metrics(measures: Iterable[Measure]) -> tuple[Metric, ...]:
    """Return the metrics of `measures`, in order."""
    return tuple(metric for measure in measures for metric in MEASURE_INFO[measure].metrics)


def measure_hvps(measures: Iterable[Measure]) -> float:
    """Sum the Hessian-vector products `measures` take at a measurement step."""
    return sum(MEASURE_INFO[measure].hvps for measure in measures)


def measure_copies(measures: Iterable[Measure]) -> int:
    """Sum the parameter-sized vectors `measures` keep per run."""
    return sum(MEASURE_INFO[measure].copies for measure in measures)
