"""One figure as SVG: panels, legend, annotations, lines.

Title, description and the notes below are not drawn: they are text of the report, where they may wrap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from muscope.backend.report.svg.axes import INK, Panel, draw_axes, label, scale_of
from muscope.backend.report.svg.marks import dash, draw_trace

WIDTH = 720
LEFT, RIGHT, HEADER, BOTTOM = 70, 12, 24, 46
LEGEND_ROW = 20
# Share of the height on the page: a printed figure is read from closer.
SHRINK = 0.82

Layout = Mapping[str, Any]


class Frame(NamedTuple):
    """Pixels of the plot: its left, top, width and height."""

    left: float
    top: float
    width: float
    height: float

    def across(self, share: float) -> float:
        """Return the pixel at a share of the width."""
        return self.left + share * self.width

    def up(self, share: float) -> float:
        """Return the pixel at a share of the height, counted from below."""
        return self.top + (1.0 - share) * self.height


def draw(figure: Mapping[str, Any], name: str, title: str) -> Markup:
    """Return the SVG of a figure `{data, layout}`.

    Args:
        name: unique in the file; it names the parts that refer to each other.
        title: read aloud in place of the picture.
    """
    layout, traces = figure["layout"], figure["data"]
    legend = list(_legend(layout, traces))
    top = HEADER + (LEGEND_ROW * (1 + max((row for row, *_ in legend), default=-1)))
    margin = layout["margin"]
    height = SHRINK * (layout["height"] - margin["t"] - margin["b"])
    frame = Frame(LEFT, top, WIDTH - LEFT - RIGHT, height)
    panels = dict(_panels(layout, frame))
    parts = [
        *(entry for _, entry in legend),
        *(part for panel in panels.values() for part in draw_axes(panel)),
        *_clipped(panels, traces, layout, name),
        *_annotations(layout, panels, frame),
    ]
    total = top + height + BOTTOM
    return Markup(
        '<svg viewBox="0 0 {} {:.0f}" width="{}" height="{:.0f}" role="img" aria-label="{}">{}</svg>'
    ).format(WIDTH, total, WIDTH, total, title, Markup("").join(parts))


def _panels(layout: Layout, frame: Frame) -> Iterator[tuple[str, Panel]]:
    """Yield every pair of axes under the name that traces have for it: `x`, `x2`, …"""
    for key in sorted(key for key in layout if re.fullmatch(r"xaxis\d*", key)):
        number = key.removeprefix("xaxis")
        across, up = layout[key], layout[f"yaxis{number}"]
        x = scale_of(across, *(frame.across(share) for share in across["domain"]))
        y = scale_of(up, *(frame.up(share) for share in up["domain"]))
        yield f"x{number}", Panel(x, y, across, up)


def _clipped(
    panels: Mapping[str, Panel], traces: Sequence[Mapping[str, Any]], layout: Layout, name: str
) -> Iterator[Markup]:
    for key, panel in panels.items():
        own = [trace for trace in traces if (trace.get("xaxis") or "x") == key]
        shapes = [shape for shape in layout.get("shapes") or () if shape["yref"] == f"y{key[1:]}"]
        area = f"{name}-{key}"
        yield Markup(
            '<clipPath id="{}"><rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/></clipPath>'
        ).format(area, panel.x.start, panel.y.end, panel.x.end - panel.x.start, panel.y.start - panel.y.end)
        inner = [*(_level(shape, panel) for shape in shapes), *(m for t in own for m in draw_trace(t, panel))]
        yield Markup('<g clip-path="url(#{})">{}</g>').format(area, Markup("").join(inner))


def _level(shape: Mapping[str, Any], panel: Panel) -> Markup:
    """Return a horizontal line over the whole panel: the only shape that figures have."""
    height, line = panel.y.place(shape["y0"]), shape["line"]
    if height is None:
        return Markup("")
    width = float(line["width"])
    return Markup('<path d="M{:.1f} {:.1f}H{:.1f}" stroke="{}" stroke-width="{:g}" fill="none"{}/>').format(
        panel.x.start, height, panel.x.end, line["color"], width, dash(str(line.get("dash")), width)
    )


def _legend(layout: Layout, traces: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Markup]]:
    """Yield the row and the mark of each entry; colour means the size of the model."""
    shown = [trace for trace in traces if trace.get("showlegend") and trace.get("name")]
    if not shown:
        return
    shown.sort(key=lambda trace: float(trace.get("legendrank", 1000)))
    title = ((layout.get("legend") or {}).get("title") or {}).get("text", "").strip()
    x, row = float(LEFT), 0
    yield row, label(title, x, LEGEND_ROW - 6, size=12)
    x += 14 + 12 * len(title) * (1.0 if not title.isascii() else 0.6)
    for trace in shown:
        room = 44 + 7.2 * len(str(trace["name"]))
        if x + room > WIDTH:
            x, row = float(LEFT), row + 1
        y = LEGEND_ROW * (row + 1) - 6
        line = Markup('<path d="M{:.1f} {:.1f}h22" stroke="{}" stroke-width="3"/>').format(
            x, y - 4, trace["line"]["color"]
        )
        yield row, line + label(str(trace["name"]), x + 28, y, size=12, ink=INK)
        x += room


def _annotations(layout: Layout, panels: Mapping[str, Panel], frame: Frame) -> Iterator[Markup]:
    for note in layout.get("annotations") or ():
        if is_note(note):
            continue
        x = _place(note["xref"], note["x"], panels, frame, is_across=True)
        y = _place(note["yref"], note["y"], panels, frame, is_across=False) - float(note.get("yshift", 0))
        font = note.get("font") or {}
        anchor = {"left": "start", "right": "end"}.get(note.get("xanchor", "center"), "middle")
        drop = {"bottom": -2.0, "top": 12.0}.get(note.get("yanchor", "middle"), 4.0)
        size = float(font.get("size", 12))
        yield label(
            str(note["text"]), x, y + drop, anchor=anchor, size=size, ink=str(font.get("color", INK)),
            is_bold=bool(font.get("weight")),
        )  # fmt: skip


def _place(ref: str, value: float, panels: Mapping[str, Panel], frame: Frame, *, is_across: bool) -> float:
    """Return the pixel of an annotation: on the paper, on a panel, or at a value in axis units."""
    if ref == "paper":
        return frame.across(value) if is_across else frame.up(value)
    panel = panels[f"x{ref.split()[0][1:]}"]
    scale = panel.x if is_across else panel.y
    if ref.endswith(" domain"):
        return scale.start + value * (scale.end - scale.start)
    return scale.place_in_units(value)


def is_note(annotation: Mapping[str, Any]) -> bool:
    """Return whether an annotation is small print below the plot (`figures.layout.note`)."""
    return bool(annotation["yref"] == "paper" and annotation["y"] == 0 and annotation.get("yshift", 0) < 0)


def notes_of(figure: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the small print of a figure, in its order."""
    return tuple(str(each["text"]) for each in figure["layout"].get("annotations") or () if is_note(each))
