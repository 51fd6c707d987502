"""Checks that most claims share: sharpness overlaps and the optimal LR stays; those of the control do not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from muscope.backend.analysis.measures.sharpness_spread import edge_share
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from studies.cells.jobs import Results
from studies.page.checks import Check, at_most, more_than
from studies.page.figures import Panel
from studies.reproduction.findings import SHIFT_LIMIT, SPREAD_LIMIT
from studies.reproduction.panels import lr_panel, sharpness_panel
from studies.reproduction.statistics import spread_of_sharpness
from studies.reproduction.study import Study

OVERLAPS = "finite-size effects at these widths are larger than the limit"
MUST_DRIFT = "too few sizes or steps here to come apart more"
EDGE = "the grid of learning rates ends where the optimum would lie"


def spread_checks(study: Study, results: Results, arm: str, control: str, label: str = "") -> list[Check]:
    """Check that `arm`'s sharpness overlaps over sizes, and that the control's is twice as far apart."""
    own = spread_of_sharpness(study.trajectory(results, arm))
    other = spread_of_sharpness(study.trajectory(results, control))
    return [
        at_most(f"{label}{arm}: spread of ln sharpness over sizes", own, SPREAD_LIMIT, OVERLAPS),
        at_most(
            f"{label}{arm}'s spread as a share of {control}'s ({_told(other)})",
            own / other if other > 0 else float("inf"),
            0.5,
            why_together(study, results, control),
        ),
    ]


def why_together(study: Study, results: Results, arm: str) -> str:
    """Say why an arm that should come apart does not: how much of it the edge of stability holds together."""
    sweep = study.trajectory(results, arm)
    shares = [edge_share(sweep, index, 0, Thresholds()) for index in range(len(sweep.widths))]
    at_edge = np.mean([share for share in shares if share is not None])
    return (
        f"{MUST_DRIFT}; {at_edge:.0%} of {arm}'s values are at the edge of stability, where the LR pins "
        "sharpness under any parametrization"
    )


def _told(spread: float) -> str:
    return "a run diverged" if math.isinf(spread) else f"{spread:.2f}"


def stays(study: Study, results: Results, arm: str, label: str = "") -> Check:
    """Check that the optimum moves by an octave at most from the smallest to the largest size."""
    shift, is_bound = study.shift(results, arm)
    text = f"{label}{arm}: size of the shift of the optimal LR, {shift:+.2f} octaves"
    return at_most(text, abs(shift), SHIFT_LIMIT, EDGE if is_bound else OVERLAPS, is_bound=is_bound)


def moves(study: Study, results: Results, arm: str, label: str = "") -> Check:
    """Check that the control's optimum moves by more than an octave; a truncated grid only understates it."""
    shift, is_bound = study.shift(results, arm)
    text = f"{label}{arm}: size of the shift of the optimal LR, {shift:+.2f} octaves"
    return more_than(text, abs(shift), SHIFT_LIMIT, MUST_DRIFT, is_bound=is_bound)


def both_panels(study: Study, results: Results, label: str = "") -> list[Panel]:
    """Draw sweep and sharpness of every arm, with what tells two studies of a row apart."""
    panels = [
        panel
        for arm in study.arms
        for panel in (sharpness_panel(study, results, arm), lr_panel(study, results, arm))
    ]
    return [replace(panel, title=f"{label}{panel.title}") for panel in panels]
