"""Lines, areas, symbols and bars of one trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from muscope.backend.report.svg.axes import INK, Panel, path_of

# Pixels, in units of the line's width: those of Plotly's dashes.
DASHES = {"dash": (5, 3), "dot": (1.2, 2.4), "dashdot": (5, 2.5, 1.2, 2.5), "longdash": (8, 3.5)}
Trace = Mapping[str, Any]


def draw_trace(trace: Trace, panel: Panel) -> Iterator[Markup]:
    """Yield what one trace shows, from back to front."""
    xs, ys = trace.get("x") or (), trace.get("y") or ()
    points = [(panel.x.place(x), panel.y.place(y)) for x, y in zip(xs, ys, strict=True)]
    line = trace.get("line") or {}
    opacity = float(trace.get("opacity", 1.0))
    if trace.get("fill") == "toself":
        yield Markup('<path d="{}" fill="{}" fill-opacity="{:g}" stroke="none"/>').format(
            path_of(points, is_closed=True), trace.get("fillcolor", INK), opacity
        )
        return
    mode = str(trace.get("mode") or "lines")
    if "lines" in mode and float(line.get("width", 2)) > 0:
        yield _line(points, line, opacity)
    yield from _bars(trace, panel)
    if "markers" in mode:
        yield from _symbols(trace, points)


def _line(
    points: Sequence[tuple[float | None, float | None]], line: Mapping[str, Any], opacity: float
) -> Markup:
    width = float(line.get("width", 2))
    return Markup(
        '<path d="{}" fill="none" stroke="{}" stroke-width="{:g}" stroke-opacity="{:g}"'
        ' stroke-linejoin="round"{}/>'
    ).format(path_of(points), line.get("color", INK), width, opacity, dash(str(line.get("dash")), width))


def dash(name: str, width: float) -> Markup:
    """Return the dash of a line as an attribute; nothing for a solid one."""
    if name not in DASHES:
        return Markup("")
    lengths = " ".join(f"{length * max(1.0, width) * 0.8:.1f}" for length in DASHES[name])
    return Markup(' stroke-dasharray="{}"').format(lengths)


def _bars(trace: Trace, panel: Panel) -> Iterator[Markup]:
    """Yield the intervals of points, along x or along y."""
    for name in ("error_x", "error_y"):
        bars = trace.get(name)
        if not bars:
            continue
        ink = bars.get("color") or (trace.get("line") or {}).get("color", INK)
        rows = zip(trace["x"], trace["y"], bars["arrayminus"], bars["array"], strict=True)
        for x, y, down, up in rows:
            if x is None or y is None or (not down and not up):
                continue
            ends = _ends(name, (x, y), (down or 0.0, up or 0.0), panel)
            if ends is not None:
                yield Markup('<path d="{}" stroke="{}" stroke-width="{:g}" fill="none"/>').format(
                    ends, ink, float(bars.get("thickness", 2))
                )


def _ends(name: str, point: tuple[float, float], reach: tuple[float, float], panel: Panel) -> str | None:
    (x, y), (down, up) = point, reach
    if name == "error_x":
        places = (panel.x.place(x - down), panel.x.place(x + up), panel.y.place(y))
        if None in places:
            return None
        low, high, height = places
        return f"M{low:.1f} {height:.1f}H{high:.1f}"
    found = (panel.y.place(y - down), panel.y.place(y + up), panel.x.place(x))
    if None in found:
        return None
    low, high, place = found
    return f"M{place:.1f} {low:.1f}V{high:.1f}"


def _symbols(trace: Trace, points: Sequence[tuple[float | None, float | None]]) -> Iterator[Markup]:
    marker = trace.get("marker") or {}
    ink = (trace.get("line") or {}).get("color", INK)
    for index, (x, y) in enumerate(points):
        size = float(_nth(marker.get("size", 6), index))
        if x is None or y is None or size <= 0:
            continue
        colour = str(_nth(marker.get("color", ink), index))
        opacity = float(_nth(marker.get("opacity", 1.0), index))
        yield symbol(str(_nth(marker.get("symbol", "circle"), index)), x, y, size / 2, colour, opacity)


def _nth(value: Any, index: int) -> Any:
    return value[index] if isinstance(value, list | tuple) else value


def symbol(name: str, x: float, y: float, reach: float, colour: str, opacity: float = 1.0) -> Markup:
    """Return one mark; an open one has a border only."""
    is_open = name.endswith("-open")
    look = Markup('fill="{}" stroke="{}" stroke-width="{:g}" opacity="{:g}"').format(
        "#ffffff" if is_open else colour, colour, 1.5 if is_open or name == "x" else 0, opacity
    )
    if name == "x":
        half = 0.75 * reach
        whole = f"{2 * half:.1f}"
        shape = f"M{x - half:.1f} {y - half:.1f}l{whole} {whole}m0 -{whole}l-{whole} {whole}"
        return Markup('<path d="{}" {}/>').format(shape, look)
    if name.startswith("diamond"):
        side = f"{reach:.1f}"
        shape = f"M{x:.1f} {y - reach:.1f}l{side} {side}l-{side} {side}l-{side} -{side}Z"
        return Markup('<path d="{}" {}/>').format(shape, look)
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" {}/>').format(x, y, reach, look)
