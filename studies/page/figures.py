"""Panels of lines as one small SVG. Colour means size; the reader of a table draws no figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

PANEL_WIDTH, PANEL_HEIGHT = 3.4, 2.7  # inches
MAX_COLUMNS = 4


@dataclass(frozen=True)
class Line:
    """Curve; `shade` 0..1 is the place of its size among all, None for a line of reference."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    shade: float | None = None
    dash: str = "-"


@dataclass(frozen=True)
class Panel:
    """Axes with lines."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    log_x: bool = False
    log_y: bool = True


def shades(count: int) -> list[float]:
    """Return the shades of `count` sizes, dark to light; the lightest yellow is unreadable on white."""
    return [float(shade) for shade in np.linspace(0.0, 0.88, count)]


def draw(panels: Sequence[Panel], path: Path) -> None:
    """Write the panels side by side, at most four in a line; equal panels give equal bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update({"svg.hashsalt": "reproduce", "svg.fonttype": "none", "font.size": 8})
    columns = min(MAX_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(PANEL_WIDTH * columns, PANEL_HEIGHT * rows), layout="constrained")
    indices = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, panel in zip(indices, panels, strict=False):
        _draw_panel(axes, panel, mpl.colormaps["viridis"])
    for axes in indices[len(panels) :]:
        axes.set_axis_off()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _draw_panel(axes: Any, panel: Panel, colours: Any) -> None:
    for line in panel.lines:
        colour = "0.5" if line.shade is None else colours(line.shade)
        axes.plot(line.x, line.y, line.dash, color=colour, label=line.label, linewidth=1.2, markersize=3)
    axes.set(title=panel.title, xlabel=panel.x_label, ylabel=panel.y_label)
    if panel.log_x:
        axes.set_xscale("log")
    if panel.log_y and any(np.any(np.asarray(line.y, float) > 0) for line in panel.lines):
        axes.set_yscale("log")
    axes.minorticks_off()  # a third of a figure's bytes
    axes.grid(visible=True, linewidth=0.3)
    axes.legend(fontsize=6)
