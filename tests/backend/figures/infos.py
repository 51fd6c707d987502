"""Small constructed inputs of figures, and a check of the JSON of every figure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.encode import to_json
from muscope.backend.figures.lr_loss import LrCurve, LrLossInfo, LrPoint, Optimum
from muscope.backend.figures.steps.step_curves import Column, Line, StepCurve, StepInfo

NAN = math.nan
ARMS = (Parametrization.MUP, Parametrization.NTP)
WIDTHS = (16, 32, 64, 128)
LRS = (0.125, 0.25, 0.5, 1.0)
MARKUP = re.compile(r"<(?!br>|extra>|/extra>)")


def lr_point(lr: float, mean: float, num_diverged: int = 0) -> LrPoint:
    return LrPoint(lr, mean, mean * 0.8, mean * 1.25, 5 - num_diverged, num_diverged)


def lr_curve(arm: Parametrization, width: int) -> LrCurve:
    points = (lr_point(0.125, 0.4), lr_point(0.25, 0.1), lr_point(0.5, 0.3, num_diverged=2))
    dead = LrPoint(1.0, NAN, NAN, NAN, 0, 5)
    return LrCurve(arm, width, (*points, dead), Optimum(0.27, 0.11, 0.2, 0.4, 0.9, is_edge=False))


def lr_loss_info(**changes: Any) -> LrLossInfo:
    curves = tuple(lr_curve(arm, width) for arm in ARMS for width in WIDTHS)
    info = LrLossInfo(ARMS, WIDTHS, LRS, 5, Metric.TRAIN_LOSS, Loss.CROSS_ENTROPY, curves)
    return info._replace(**changes)


def step_curve(arm: Parametrization, width: int, values: tuple[float, ...] = (4.0, 2.0, 1.0)) -> StepCurve:
    steps = tuple(range(0, 10 * len(values), 10))
    low, high = (Line(steps, tuple(value * by for value in values)) for by in (0.5, 2.0))
    return StepCurve(arm, width, Line(steps, values), low, high, (5,) * len(values))


def step_info(**changes: Any) -> StepInfo:
    curves = tuple(step_curve(arm, width) for arm in ARMS for width in WIDTHS)
    columns = tuple(Column(arm, 0.25) for arm in ARMS)
    return StepInfo(columns, WIDTHS, 0, 20, 5, curves)._replace(**changes)


def drawn(figure: go.Figure) -> dict[str, Any]:
    """Return the figure as a page receives it, after the checks that hold for every figure."""
    encoded = to_json(figure, {}).decode()
    assert "NaN" not in encoded
    assert "bdata" not in encoded
    content: dict[str, Any] = json.loads(encoded)["figure"]
    assert len(content["data"]) <= 18
    assert {trace["type"] for trace in content["data"]} == {"scatter"}
    assert content["layout"]["uirevision"] == "keep"
    assert "template" not in content["layout"]
    for key, value in leaves(content):
        # Plotly raises the exponent by a style attribute, which the page's policy forbids.
        assert (key, value) != ("exponentformat", "power")
        if "color" in key and isinstance(value, str):
            assert re.fullmatch(r"#[0-9a-f]{6}", value), (key, value)
        if isinstance(value, str):
            assert not MARKUP.search(value), value
        if isinstance(value, float):
            assert value == float(f"{value:.6g}")
    return content


def leaves(content: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, dict):
        for name, value in content.items():
            yield from leaves(value, name)
    elif isinstance(content, list):
        for value in content:
            yield from leaves(value, key)
    else:
        yield key, content


def texts(content: dict[str, Any]) -> str:
    """Return every value of a figure; a sentence of several lines is there as one as well."""
    values = [str(value) for _, value in leaves(content)]
    return "\n".join([*values, *(value.replace("<br>", " ") for value in values)])
