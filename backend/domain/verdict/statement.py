"""Parts of a statement: an outcome, a number with its interval, a reason.

Texts for people are catalogue keys: `outcome.<outcome>` and `reason.<code>`.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen


class Outcome(StrEnum):
    """Answer to "may I reuse the small model's LR?"."""

    TRANSFERS = "transfers"
    SHARPNESS_DRIFTS = "sharpness_drifts"
    FINE_TUNE = "fine_tune"
    DOES_NOT_TRANSFER = "does_not_transfer"
    INCONCLUSIVE = "inconclusive"


# Outcomes under which the small model's LR may be reused unchanged.
REUSABLE = frozenset({Outcome.TRANSFERS, Outcome.SHARPNESS_DRIFTS})


class Interval(Frozen):
    """Two-sided interval; level and method are always given."""

    low: float
    high: float
    level: float
    method: str


class Estimate(Frozen):
    """Number with its interval; None where it could not be computed."""

    value: float | None = None
    interval: Interval | None = None


class Reason(Frozen):
    """Reason of a statement, as a catalogue key `reason.<code>` with its parameters."""

    code: str
    params: dict[str, str | int | float] = Field(default_factory=dict)
