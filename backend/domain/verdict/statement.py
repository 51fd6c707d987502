"""What a statement of the product is made of: an outcome, a number with its interval, a reason in words.

Words for people are catalogue keys: `outcome.<outcome>` and `reason.<code>`.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from backend.domain.spec.dataset import Frozen


class Outcome(StrEnum):
    """The answer to "may I reuse the small model's LR?"."""

    TRANSFERS = "transfers"
    SHARPNESS_DRIFTS = "sharpness_drifts"
    FINE_TUNE = "fine_tune"
    DOES_NOT_TRANSFER = "does_not_transfer"
    INCONCLUSIVE = "inconclusive"


class Interval(Frozen):
    """A two-sided interval; level and method are always stated."""

    low: float
    high: float
    level: float
    method: str


class Estimate(Frozen):
    """A number with its interval; None where it could not be computed."""

    value: float | None = None
    interval: Interval | None = None


class Reason(Frozen):
    """Why, as a catalogue key `reason.<code>` with its parameters."""

    code: str
    params: dict[str, str | int | float] = Field(default_factory=dict)
