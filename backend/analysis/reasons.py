"""Reasons with readable parameters: rounded numbers, percentages, multiples of an LR instead of octaves.

`loss` is a metric's name; its text is the catalogue's `loss.<metric>`. A size is given by width and depth; in
a sentence it is one placeholder, `{size}` or `{base_size}`, filled with `size.width_depth` or `size.width`.
"""

from __future__ import annotations

from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.verdict import Interval, Reason

FINE_BELOW = 0.01


def reason(code: str, **params: str | int | float) -> Reason:
    """Return a reason: the catalogue key `reason.<code>` with its parameters."""
    return Reason(code=code, params=params)


def named(size: Size) -> dict[str, int]:
    """Return the parameters that name a size."""
    return {"width": size.width, "depth": size.depth}


def named_base(size: Size) -> dict[str, int]:
    """Return the parameters that name the base size beside another size."""
    return {"base_width": size.width, "base_depth": size.depth}


def rounded(value: float) -> float:
    """Round to three significant digits; minus zero becomes zero."""
    return float(f"{value:.3g}") + 0.0


def percent(share: float) -> float:
    """Return a share in percent, rounded to a tenth, below one percent to a hundredth.

    Limits go down to half a percent, and a rounded end must not seem to lie on the other side of one.
    """
    return round(100.0 * share, 1 if abs(share) >= FINE_BELOW else 2) + 0.0


def multiple(octaves: float) -> float:
    """Return a shift in octaves as a multiple of the learning rate, with an upper limit."""
    return rounded(2.0 ** max(-99.0, min(99.0, octaves)))


def share_range(interval: Interval) -> dict[str, float]:
    """Return the ends of a share's interval in percent."""
    return {"low": percent(interval.low), "high": percent(interval.high)}


def multiple_range(interval: Interval) -> dict[str, float]:
    """Return the ends of a shift's interval as multiples of the learning rate."""
    return {"low": multiple(interval.low), "high": multiple(interval.high)}
