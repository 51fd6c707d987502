"""F2 and F3: under µP the top Hessian eigenvalues are super consistent; kernel and loss are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from muscope.backend.analysis.sweep import Values
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.metrics import Metric, Spacing
from studies.cells.jobs import Results
from studies.cells.row import Row
from studies.page.checks import Check, at_most, more_than
from studies.page.figures import Panel
from studies.reproduction.findings import SPREAD_LIMIT
from studies.reproduction.panels import metric_panel
from studies.reproduction.rows.width import CONV_CE
from studies.reproduction.statistics import LATE_FROM, fall_with_size, growth_of_deviation, late_spread
from studies.reproduction.study import Study

# At the base's best LR itself: an octave lower the edge of stability may never be reached.
SPECTRA: Study = replace(
    CONV_CE,
    sizes=(16, 32, 64, 128, 256),
    seeds=(0, 1, 2),
    sweeps_all=False,
    octaves=0.0,
    measures_at=14,
    spacing=Spacing.LOG,
    changes={
        "measures": (Measure.HESSIAN_EIGENVALUES, Measure.NTK, Measure.HESSIAN_TRACE),
        # The kernel of an automatic derivative is a product per example and class.
        "sharpness_batch_size": 64,
        "sharpness_tolerance": 1e-2,
    },
)
EDGE_BAND = np.log(1.25)
HESSIAN, KERNEL = Metric.HESSIAN_EIGENVALUES, Metric.NTK_EIGENVALUES
FITTED = (
    "the last third comes after the edge: digits are nearly fitted by then, which lowers the Hessian under CE"
)
NOT_WIDER = "at these widths and steps the kernel has not come apart more than the Hessian"
# B ≲ 0 with the noise of so few points.
GROWTH_LIMIT = 0.1


def _component(results: Results, arm: str, metric: Metric, k: int) -> tuple[Values, Values]:
    steps, values = SPECTRA.measured(results, arm, metric)
    return steps, values[..., k]


def _judge_f2(results: Results) -> tuple[list[Check], list[Panel]]:
    steps, top = _component(results, "µP", HESSIAN, 0)
    hessian = late_spread(steps, top)
    kernel = late_spread(*_component(results, "µP", KERNEL, 0))
    fifth = late_spread(*_component(results, "µP", HESSIAN, 4))
    control = late_spread(*_component(results, "NTP", HESSIAN, 0))
    trajectory = SPECTRA.trajectory(results, "µP")
    ratio = float(np.nanmedian(top[:, steps >= LATE_FROM * steps[-1]])) * trajectory.lrs[0] / trajectory.kappa
    distance = abs(float(np.log(ratio))) if ratio > 0 else float("inf")
    checks = [
        at_most(
            f"µP: late distance of ln lr·λ₁/2 from 0, as lr·λ₁/2 = {ratio:.2f}",
            distance,
            float(EDGE_BAND),
            FITTED,
        ),
        at_most("µP: late spread of ln λ₁(H) over widths", hessian, SPREAD_LIMIT, FITTED),
        more_than("µP: late spread of ln λ₅(H), against λ₁'s", fifth, hessian, "λ₅ overlaps as well as λ₁"),
        more_than(
            f"µP: late spread of ln λ₁(NTK), against twice {hessian:.2f}", kernel, 2 * hessian, NOT_WIDER
        ),
        more_than(
            "NTP: late spread of ln λ₁(H) over widths", control, SPREAD_LIMIT, "the control overlaps too"
        ),
    ]
    return checks, [
        metric_panel(
            SPECTRA, f"{arm}: λ{k + 1} of {name}", "eigenvalue · C", *_component(results, arm, metric, k)
        )
        for arm in SPECTRA.arms
        for metric, name, k in ((HESSIAN, "Hessian", 0), (HESSIAN, "Hessian", 4), (KERNEL, "NTK", 0))
    ]


def _judge_f3(results: Results) -> tuple[list[Check], list[Panel]]:
    quantities = {arm: _quantities(results, arm) for arm in SPECTRA.arms}
    growth = {name: growth_of_deviation(*found) for name, found in quantities["µP"].items()}
    ntp = growth_of_deviation(*quantities["NTP"]["sharpness"])
    checks = [
        _steady("µP: growth exponent of sharpness", growth["sharpness"]),
        _steady("µP: growth exponent of the Hessian's trace", growth["trace"]),
        _growing(
            "µP: growth exponent of the NTK eigenvalue",
            growth["NTK"],
            "deviations do not build up within so few steps",
        ),
        _growing(
            "µP: growth exponent of the validation loss",
            growth["loss"],
            "all losses fall towards zero, and their differences with them",
        ),
        _growing("NTP: growth exponent of sharpness", ntp, "widths are apart from the first steps on"),
    ]
    for name, found in quantities["µP"].items():
        fall = fall_with_size(SPECTRA.sizes, *found)
        text = f"µP: late, the deviation of {name} falls as N to the minus"
        checks.append(more_than(text, fall, 0.0, "four widths and three seeds leave this to chance"))
    return checks, [
        _deviation_panel(arm, name, *found) for arm in SPECTRA.arms for name, found in quantities[arm].items()
    ]


def _quantities(results: Results, arm: str) -> dict[str, tuple[Values, Values]]:
    return {
        "sharpness": _component(results, arm, HESSIAN, 0),
        "trace": SPECTRA.measured(results, arm, Metric.HESSIAN_TRACE),
        "NTK": _component(results, arm, KERNEL, 0),
        "loss": SPECTRA.measured(results, arm, Metric.VAL_LOSS),
    }


def _steady(text: str, exponent: float) -> Check:
    return at_most(
        text, exponent, GROWTH_LIMIT, "deviations build up, or their growth is noise at three seeds"
    )


def _growing(text: str, exponent: float, why: str) -> Check:
    return more_than(text, exponent, GROWTH_LIMIT, why)


def _deviation_panel(arm: str, name: str, steps: Values, values_WMS: Values) -> Panel:
    others = replace(SPECTRA, sizes=SPECTRA.sizes[:-1])
    deviation = np.abs(values_WMS[:-1] - values_WMS[-1:])
    return metric_panel(
        others, f"{arm}: {name}, against N = {SPECTRA.sizes[-1]}", "|difference|", steps, deviation
    )


_SETTING = (
    "two-layer conv net on digits under cross-entropy; widths 16, 32, 64, 128, 256, 240 steps, 3 seeds, the "
    "smallest width's best LR; 14 measurements at even ratios on 64 examples."
)
ROWS = (
    Row(
        "f2",
        "Under µP the top Hessian eigenvalues reach a width-free threshold (lower ones less so); NTK ones "
        "fan out.",
        _SETTING,
        SPECTRA.plan,
        _judge_f2,
    ),
    Row(
        "f3",
        "The deviation from the widest model does not grow with time for sharpness (nor, settled, for the "
        "trace); it grows for NTK and loss. It falls with width.",
        _SETTING,
        SPECTRA.plan,
        _judge_f3,
    ),
)
