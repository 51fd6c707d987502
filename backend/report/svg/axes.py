"""Axes of a drawn figure: from values to pixels, ticks and their texts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from muscope.backend.figures.theme import SHADES, Mode

LIGHT = SHADES[Mode.LIGHT]
MUTED, INK = LIGHT.muted, LIGHT.ink
DEFAULT_TICKS = 6
TICK = 4
SI = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


class Scale(NamedTuple):
    """One axis: its range in axis units (exponents on a logarithmic one), and its place in pixels."""

    is_log: bool
    low: float
    high: float
    start: float
    end: float

    def place(self, value: float | None) -> float | None:
        """Return the pixel of a value; None where the axis does not have it."""
        if value is None or not math.isfinite(value) or (self.is_log and value <= 0):
            return None
        return self.place_in_units(math.log10(value) if self.is_log else value)

    def place_in_units(self, value: float) -> float:
        """Return the pixel of a value in axis units."""
        span = (self.high - self.low) or 1.0
        return self.start + (value - self.low) / span * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Return whether a value lies within the range."""
        found = self.place(value)
        low, high = sorted((self.start, self.end))
        return found is not None and low - 0.5 <= found <= high + 0.5


class Panel(NamedTuple):
    """Two axes and their layout."""

    x: Scale
    y: Scale
    x_layout: Mapping[str, Any]
    y_layout: Mapping[str, Any]


def scale_of(axis: Mapping[str, Any], start: float, end: float) -> Scale:
    """Return an axis of a layout over these pixels; an axis without a range shows zero to one."""
    low, high = axis.get("range") or (0.0, 1.0)
    return Scale(axis.get("type") == "log", float(low), float(high), start, end)


def ticks(scale: Scale, axis: Mapping[str, Any]) -> list[tuple[float, str]]:
    """Return the ticks within the range, each a value with its text."""
    if axis.get("tickmode") == "array":
        pairs = zip(axis.get("tickvals") or (), axis.get("ticktext") or (), strict=True)
        return [(float(value), str(words)) for value, words in pairs if scale.holds(float(value))]
    values = _nice(scale.low, scale.high, int(axis.get("nticks") or DEFAULT_TICKS))
    return [(value, _tick_text(value, str(axis.get("tickformat") or ""))) for value in values]


def _nice(low: float, high: float, most: int) -> list[float]:
    """Return at most `most` round values of a linear axis."""
    span = high - low
    if span <= 0:
        return [low]
    rough = span / max(1, most)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * power for unit in (1, 2, 5, 10) if unit * power >= rough)
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first
    return [round((first + index) * step, 12) for index in range(count + 1)]


def _tick_text(value: float, form: str) -> str:
    if form == "~s":
        for unit, letter in SI:
            if abs(value) >= unit:
                return f"{value / unit:g}{letter}"
    return f"{value:g}" if form != "d" else f"{value:.0f}"


def draw_axes(panel: Panel) -> Iterator[Markup]:
    """Yield grid lines, ticks and titles of a panel."""
    yield from _draw_y(panel)
    yield from _draw_x(panel)


def _draw_y(panel: Panel) -> Iterator[Markup]:
    x, y, layout = panel.x, panel.y, panel.y_layout
    for value, words in ticks(y, layout):
        height = y.place(value)
        yield Markup('<path d="M{:.1f} {:.1f}H{:.1f}" stroke="{}"/>').format(
            x.start, height, x.end, layout.get("gridcolor", LIGHT.grid)
        )
        if layout.get("showticklabels", True):
            yield label(words, x.start - 7, (height or 0.0) + 4, anchor="end", size=11)
    title = title_of(layout)
    if title:
        middle = (y.start + y.end) / 2
        turned = f"rotate(-90 14 {middle:.1f})"
        yield label(title, 14, middle + 4, anchor="middle", size=12, ink=INK, turned=turned)


def _draw_x(panel: Panel) -> Iterator[Markup]:
    x, y, layout = panel.x, panel.y, panel.x_layout
    yield Markup('<path d="M{:.1f} {:.1f}H{:.1f}" stroke="{}"/>').format(x.start, y.start, x.end, MUTED)
    for value, words in ticks(x, layout):
        place = x.place(value)
        yield Markup('<path d="M{:.1f} {:.1f}v{}" stroke="{}"/>').format(place, y.start, TICK, MUTED)
        if layout.get("showticklabels", True):
            yield label(words, place or 0.0, y.start + 17, anchor="middle", size=11)
    title = title_of(layout)
    if title:
        yield label(title, (x.start + x.end) / 2, y.start + 36, anchor="middle", size=12, ink=INK)


def title_of(layout: Mapping[str, Any]) -> str:
    """Return an axis's title; Plotly has it as a text or as a part of its own."""
    title = layout.get("title") or ""
    return str(title.get("text") or "") if isinstance(title, Mapping) else str(title)


def label(
    words: str,
    x: float,
    y: float,
    *,
    anchor: str = "start",
    size: float = 12,
    ink: str = MUTED,
    is_bold: bool = False,
    turned: str = "",
) -> Markup:
    """Return a text; whoever wrote it, it is escaped."""
    weight = Markup(' font-weight="700"') if is_bold else ""
    transform = Markup(' transform="{}"').format(turned) if turned else ""
    return Markup(
        '<text x="{:.1f}" y="{:.1f}" text-anchor="{}" font-size="{:g}" fill="{}"{}{}>{}</text>'
    ).format(x, y, anchor, size, ink, weight, transform, words)


def path_of(points: Sequence[tuple[float | None, float | None]], *, is_closed: bool = False) -> str:
    """Return the path through points; None makes a gap."""
    parts: list[str] = []
    is_open = False
    for x, y in points:
        if x is None or y is None:
            if is_open and is_closed:
                parts.append("Z")
            is_open = False
            continue
        parts.append(f"{'L' if is_open else 'M'}{x:.1f} {y:.1f}")
        is_open = True
    return "".join(parts) + ("Z" if is_open and is_closed else "")
