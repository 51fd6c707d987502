"""Colours and line styles of every figure: colour means width, dash means parametrization; light and dark.

The layout of a figure is in `layout.py`. Texts come from the catalogue; nothing a user wrote
ever enters a figure, because Plotly reads titles and legends as HTML.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from muscope.backend.catalogue import key_of_size, text
from muscope.backend.domain.spec.parametrization import Parametrization

# Small to large. Each has a contrast of at least 3:1 on white and on the dark page, and blue to yellow is the
# one order of hues that every colour vision keeps.
RAMP = ("#4a63e0", "#8f52d0", "#c9489b", "#dd5c45", "#c88400")
DASHES = {
    Parametrization.MUP: "solid",
    Parametrization.NTP: "dash",
    Parametrization.SP: "dot",
    Parametrization.DEPTH_MUP: "dashdot",
    Parametrization.COMPLETEP: "longdash",
    Parametrization.LORA: "solid",
    Parametrization.RSLORA: "dot",
}
FONT = (
    'system-ui, -apple-system, "Segoe UI", "Hiragino Sans", "Noto Sans CJK JP", "Noto Sans JP", '
    "Meiryo, sans-serif"
)
# Never <b>: plotly.js makes it a style attribute, which a page of ours does not allow.
BOLD = 600
BAND_OPACITY = 0.16
# Plotly's own rank; widths are listed small to large, whichever has values first.
LEGEND_RANK = 1000

# Between these a number is written out.
PLAIN = (1e-4, 1e6)
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Share of an axis that stays free at each end.
AIR = 0.05
# A logarithmic axis has three ticks per decade up to this many decades.
DENSE_DECADES = 3.2


class Mode(StrEnum):
    """The page's background."""

    LIGHT = "light"
    DARK = "dark"


class YScale(StrEnum):
    """The vertical axis."""

    LOG = "log"
    LINEAR = "linear"


class Shades(NamedTuple):
    """Colours without a meaning of their own."""

    paper: str
    ink: str
    muted: str
    grid: str


SHADES = {
    Mode.LIGHT: Shades(paper="#ffffff", ink="#1d2430", muted="#5b6472", grid="#e6e9ee"),
    Mode.DARK: Shades(paper="#14181f", ink="#e6e9ee", muted="#a7b0be", grid="#2b323d"),
}


class Style(NamedTuple):
    """Appearance of a figure as the viewer chose it, and whether sizes are ranks of adapters."""

    language: str
    mode: Mode = Mode.LIGHT
    y_scale: YScale = YScale.LOG
    x_scale: YScale = YScale.LINEAR
    of_rank: bool = False

    @property
    def shades(self) -> Shades:
        return SHADES[self.mode]

    def say(self, key: str, **params: str | int | float) -> str:
        """Return a text of the catalogue, `figure.<key>`."""
        named = key_of_size(f"figure.{key}", self.language, of_rank=self.of_rank)
        return text(named, self.language, **params)

    def metric(self, name: str) -> str:
        """Return what a metric is called in a sentence."""
        return text(f"metric.{name}", self.language)

    def arm(self, parametrization: Parametrization) -> str:
        """Return the name of a parametrization."""
        return self.say(f"arm.{parametrization}")


def colours(widths: Sequence[int]) -> dict[int, str]:
    """Return the fixed colour of every width of an experiment, whether it has values yet or not."""
    ordered = sorted(widths)
    return {width: _mix(index / max(1, len(ordered) - 1)) for index, width in enumerate(ordered)}


def _mix(share: float) -> str:
    """Return the colour at `share` of the ramp."""
    index = share * (len(RAMP) - 1)
    left = min(int(index), len(RAMP) - 2)
    return mixed(RAMP[left], RAMP[left + 1], index - left)


def mixed(low: str, high: str, share: float) -> str:
    """Return the colour at `share` of the way from one to another."""
    pairs = zip(_channels(low), _channels(high), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[index : index + 2], 16) for index in (1, 3, 5))


def number(value: float) -> str:
    """Return a number as a person reads it: three significant digits, far from one a power of ten."""
    rounded = float(f"{value:.3g}")
    if rounded == 0 or PLAIN[0] <= abs(rounded) < PLAIN[1]:
        return f"{rounded:,.6g}"
    mantissa, exponent = f"{rounded:.2e}".split("e")
    power = f"10{str(int(exponent)).translate(_RAISED)}"
    return power if float(mantissa) == 1 else f"{float(mantissa):g}·{power}"


def padded_range(values: Sequence[float], scale: YScale, *, lowest: float = -math.inf) -> tuple[float, float]:
    """Return the range of an axis, in its own units, around `values` with some air; not below `lowest`."""
    if scale is YScale.LOG:
        shown = [math.log10(value) for value in values if value > 0 and math.isfinite(value)]
        lowest = math.log10(lowest) if lowest > 0 else -math.inf
    else:
        shown = [value for value in values if math.isfinite(value)]
    if not shown:
        return (-1.0, 1.0) if scale is YScale.LOG else (0.0, 1.0)
    low, high = max(min(shown), lowest), max(shown)
    return low - AIR * _spread(low, high, scale), high + AIR * _spread(low, high, scale)


def _spread(low: float, high: float, scale: YScale) -> float:
    """Return how far apart values are; of equal ones a part of their size, for plain numbers at the ticks."""
    if scale is YScale.LOG:
        return max(high - low, 0.2)
    return high - low if not math.isclose(low, high) else 0.1 * (abs(high) or 1.0)


def y_ticks(low: float, high: float, scale: YScale) -> dict[str, Any]:
    """Return few readable ticks for a range in axis units: 1, 2, 5 of each decade, or only the decades."""
    if scale is YScale.LINEAR:
        return {"nticks": 6, "tickformat": "~g"}
    steps = (1, 2, 5) if high - low <= DENSE_DECADES else (1,)
    decades = range(math.floor(low), math.ceil(high) + 1)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    shown = [float(f"{tick:.6g}") for tick in ticks if low <= math.log10(tick) <= high]
    shown = shown or [float(f"{10 ** ((low + high) / 2):.3g}")]  # a narrow range may lie between them
    return {"tickmode": "array", "tickvals": shown, "ticktext": [number(tick) for tick in shown]}


def outlook(style: Style, missing: Sequence[int]) -> list[str]:
    """Return the line that names the widths whose values are still to come."""
    return [style.say("note.missing", widths=", ".join(map(str, missing)))] if missing else []
