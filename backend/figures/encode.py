"""A figure as JSON: six significant digits, null for what is not a number, readable without Plotly."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

import plotly.graph_objects as go


def plain(values: Iterable[float]) -> list[float | None]:
    """Return numbers as lists hold them: six significant digits, None for NaN.

    Lists, not arrays: Plotly would send arrays as base64 (`bdata`), which only Plotly can read.
    """
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values]


def figure_of(traces: list[dict[str, Any]], layout: dict[str, Any]) -> go.Figure:
    """Return a figure of our own look, checked by Plotly."""
    return go.Figure({"data": traces, "layout": {"template": "none", **layout}})


def to_json(figure: go.Figure, meta: dict[str, Any]) -> bytes:
    """Return `{"figure": {data, layout}, "meta": …}`; raises ValueError for a number JSON does not have."""
    drawn = figure.to_dict()
    drawn["layout"].pop("template", None)
    content = {"figure": {"data": drawn["data"], "layout": _rounded(drawn["layout"])}, "meta": meta}
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _rounded(content: Any) -> Any:
    """Round the few numbers of a layout like those of the data."""
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_rounded(value) for value in content]
    return plain([content])[0] if isinstance(content, float) else content
