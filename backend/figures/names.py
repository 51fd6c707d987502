"""The figures there are, and which experiments have them. Loads no Plotly: pages and listings ask here."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from muscope.backend.domain.spec.measures import Measure


class FigureName(StrEnum):
    """The figures there are."""

    LR_LOSS = "lr_loss"
    SHARPNESS = "sharpness"
    LOSS = "loss"
    OPTIMUM_SIZE = "optimum_size"
    COST_SIZE = "cost_size"
    SCENARIO_COSTS = "scenario_costs"
    LOSS_COMPUTE = "loss_compute"
    PREDICTED_SECONDS = "predicted_seconds"
    RUN_GRID = "run_grid"
    SHARPNESS_SPREAD = "sharpness_spread"
    STABILITY = "stability"
    SPECTRUM = "spectrum"
    NTK_HESSIAN = "ntk_hessian"
    CURVATURE_SPLIT = "curvature_split"
    TRACE = "trace"
    DENSITY = "density"
    COORDINATE_CHECK = "coordinate_check"


class Sampling(StrEnum):
    """Choice among the points of all means over seeds."""

    ALL = "all"
    FIRST_MIN_MAX_LAST = "first_min_max_last"  # of each bucket of steps


class Band(StrEnum):
    """Kinds of the shaded area of a figure."""

    MIN_MAX = "min_max"  # from the smallest to the largest seed
    STANDARD_ERROR = "standard_error"  # of the mean
    INTERVAL = "interval"  # of the optimum
    NONE = "none"


# The others are drawn from what every experiment measures.
NEEDED: dict[FigureName, Measure] = {
    FigureName.NTK_HESSIAN: Measure.NTK,
    FigureName.SPECTRUM: Measure.HESSIAN_EIGENVALUES,
    FigureName.CURVATURE_SPLIT: Measure.GAUSS_NEWTON,
    FigureName.TRACE: Measure.HESSIAN_TRACE,
    FigureName.DENSITY: Measure.HESSIAN_DENSITY,
    FigureName.COORDINATE_CHECK: Measure.COORDINATE_CHECK,
}


# Compares scenarios, so there must be two.
OF_SCENARIOS = frozenset({FigureName.SCENARIO_COSTS})


def figures_of(measures: Collection[Measure], num_scenarios: int = 1) -> tuple[FigureName, ...]:
    """Return the figures of an experiment with these optional measures and so many judged scenarios."""
    return tuple(
        name
        for name in FigureName
        if (name not in NEEDED or NEEDED[name] in measures)
        and (name not in OF_SCENARIOS or num_scenarios > 1)
    )
