"""What a small study saved against tuning directly at the size that matters, under stated assumptions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from backend.domain.spec.dataset import Frozen
from backend.domain.spec.metrics import Metric
from backend.domain.spec.money import Currency, RatePerHour

Hours = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Assumptions(Frozen):
    """Everything a saving rests on; every one can be changed in the request.

    Attributes:
        target_width: of the model that would be tuned directly; depth, steps and batch are the plan's.
        num_lrs, num_seeds: of that tuning; the chosen arm's grid and the plan's seeds unless given.
        hours_per_run: hands-on hours of staff per run tuned by hand: starting, watching, noting.
        poc_hours: hands-on hours of staff for this study as a whole.
        rate_per_hour, staff_rate: money per slot-hour and per hour of staff; null leaves money out.
    """

    target_width: Count
    num_lrs: Count
    num_seeds: Count
    num_steps: Count
    hours_per_run: Hours
    poc_hours: Hours
    rate_per_hour: RatePerHour | None
    staff_rate: RatePerHour | None
    currency: Currency


class Expense(Frozen):
    """Device time, staff time, and both in money at the rates given; null without any rate."""

    device_hours: float
    staff_hours: float
    money: float | None


class Gain(Frozen):
    """What a larger model was better by, at the reused LR, per hour of device time it takes more."""

    metric: Metric
    base_width: int
    width: int
    base_value: float
    value: float
    gain: float = Field(description="Positive is better, whichever way the metric counts.")
    more_device_hours: float = Field(description="Of one run, as measured here.")
    gain_per_device_hour: float | None


class Savings(Frozen):
    """Direct tuning against what was spent; negative savings are said, not hidden."""

    assumptions: Assumptions
    direct: Expense = Field(description="Tuning at the target: LRs × seeds runs of the target width.")
    spent: Expense = Field(description="This study: its slot time and its hands-on hours.")
    saved: Expense = Field(description="direct − spent; negative where this study took more.")
    is_saving: bool | None = Field(
        description="By money where there is any rate; without, null where device and staff time disagree."
    )
    device_ratio: float | None = Field(description="Direct over spent device time.")
    slowness: float = Field(
        description="Actual over predicted time of this study's cells, and of the target."
    )
    is_final: bool = Field(description="False while the experiment is still spending.")
    gains: tuple[Gain, ...]
