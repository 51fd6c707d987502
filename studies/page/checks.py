"""Measured numbers against limits that were written before the first run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """Measured number with its limit; `why_not` is printed where the limit is missed."""

    text: str
    measured: float
    relation: str
    limit: float
    why_not: str = ""
    is_bound: bool = False

    @property
    def holds(self) -> bool:
        """Tell whether the number is on the right side; NaN never is."""
        if self.relation == "≥":
            return self.measured >= self.limit
        return self.measured <= self.limit if self.relation == "≤" else self.measured > self.limit


def at_most(text: str, measured: float, limit: float, why_not: str, *, is_bound: bool = False) -> Check:
    """Check that `measured` ≤ `limit`."""
    return Check(text, measured, "≤", limit, why_not, is_bound)


def more_than(text: str, measured: float, limit: float, why_not: str, *, is_bound: bool = False) -> Check:
    """Check that `measured` > `limit`."""
    return Check(text, measured, ">", limit, why_not, is_bound)


def at_least(text: str, measured: float, limit: float, why_not: str) -> Check:
    """Check that `measured` ≥ `limit`."""
    return Check(text, measured, "≥", limit, why_not)


def percent(flags: Sequence[bool]) -> float:
    """Return the share of true ones in percent; NaN of none."""
    return 100.0 * sum(flags) / len(flags) if flags else math.nan


def shown(check: Check) -> str:
    """Return the measured number with two decimals."""
    if math.isnan(check.measured):
        return "unknown"
    if math.isinf(check.measured):
        return "∞ (a run diverged)"
    return f"{'≥ ' if check.is_bound else ''}{check.measured:.2f}"


def closing_line(name: str, value: str, goal: str, *, is_met: bool) -> str:
    """Return `<name> <value> <goal> ok|short`, the last lines of a study's output."""
    return f"{name} {value} {goal} {'ok' if is_met else 'short'}"
