"""Panels that most rows draw: final loss over the LR; sharpness, or a metric, along training."""

from __future__ import annotations

import numpy as np

from muscope.backend.analysis.sweep import Values, complete_mean, mean_of_finite
from muscope.backend.domain.spec.metrics import Metric
from studies.cells.jobs import Results
from studies.page.figures import Line, Panel, shades
from studies.reproduction.study import Study


def lr_panel(study: Study, results: Results, arm: str) -> Panel:
    """Draw the final train loss over the LR, one line per size; a diverged run counts as the loss at init."""
    sweep = study.sweep(results, arm)
    loss_WE = complete_mean(sweep.judged(Metric.TRAIN_LOSS))
    lines = _lines(study, sweep.log2_lrs, loss_WE, "o-")
    return Panel(f"{arm}: LR sweep", "log₂ lr", "final train loss", lines)


def sharpness_panel(study: Study, results: Results, arm: str) -> Panel:
    """Draw lr · sharpness / κ over steps, one line per size; 1 is the edge of stability."""
    sweep = study.trajectory(results, arm)
    ratio_WM = mean_of_finite(sweep.sharpness[:, 0], axis=1) * sweep.lrs[0] / sweep.kappa
    steps = sweep.measurement_steps.astype(np.float64)
    edge = Line("edge", [0.0, float(steps[-1])], [1.0, 1.0], dash=":")
    title = f"{arm}: log₂ lr = {np.log2(sweep.lrs[0]):g}"
    return Panel(title, "step", "lr · sharpness / κ", (*_lines(study, steps, ratio_WM, "-"), edge))


def metric_panel(
    study: Study, title: str, y_label: str, steps_M: Values, values_WMS: Values, *, log_x: bool = True
) -> Panel:
    """Draw the seeds' mean of a metric over steps; step 0 has no place on a logarithmic axis."""
    shown = steps_M >= 1 if log_x else steps_M >= 0
    mean_WM = mean_of_finite(values_WMS[:, shown], axis=2)
    return Panel(title, "step", y_label, _lines(study, steps_M[shown], mean_WM, "-"), log_x=log_x)


def _lines(study: Study, x: Values, y_WX: Values, dash: str) -> tuple[Line, ...]:
    letter = "N" if study.axis == "width" else "L"
    return tuple(
        Line(f"{letter} = {size}", x.tolist(), y.tolist(), shade, dash)
        for size, shade, y in zip(study.sizes, shades(len(study.sizes)), y_WX, strict=True)
    )
