"""Savings of a small study against tuning directly at the target size, under stated assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric
from muscope.backend.domain.spec.money import SECONDS_PER_HOUR, Currency, RatePerHour

Hours = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Assumptions(Frozen):
    """Assumptions of a saving; each can be changed in the request.

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
    """Device time, staff time, and both in money at the given rates; null without a rate."""

    device_hours: float
    staff_hours: float
    money: float | None


class Gain(Frozen):
    """Improvement by a larger model at the reused LR, per hour of device time it takes more."""

    metric: Metric
    base_width: int
    width: int
    base_value: float
    value: float
    gain: float = Field(description="Positive is better, whichever way the metric counts.")
    more_device_hours: float = Field(description="Of one run, as measured here.")
    gain_per_device_hour: float | None


class Savings(Frozen):
    """Cost of direct tuning against the cost of the study; savings may be negative."""

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


def compare(
    assumptions: Assumptions,
    *,
    target_run_seconds: float,
    spent_seconds: float,
    slowness: float,
    is_final: bool,
    gains: Sequence[Gain] = (),
) -> Savings:
    """Return what was saved.

    Args:
        target_run_seconds: predicted slot-seconds of one run at the target, no curvature measured.
        spent_seconds: slot-seconds of all attempts of the study.
        slowness: actual over predicted time of the study's cells: the target would be as slow.
    """
    num_runs = assumptions.num_lrs * assumptions.num_seeds
    direct = _expense(
        assumptions, slowness * target_run_seconds * num_runs, assumptions.hours_per_run * num_runs
    )
    spent = _expense(assumptions, spent_seconds, assumptions.poc_hours)
    saved = Expense(
        device_hours=direct.device_hours - spent.device_hours,
        staff_hours=direct.staff_hours - spent.staff_hours,
        money=None if direct.money is None or spent.money is None else direct.money - spent.money,
    )
    return Savings(
        assumptions=assumptions,
        direct=direct,
        spent=spent,
        saved=saved,
        is_saving=_is_saving(saved),
        device_ratio=direct.device_hours / spent.device_hours if spent.device_hours > 0 else None,
        slowness=slowness,
        is_final=is_final,
        gains=tuple(gains),
    )


def _is_saving(saved: Expense) -> bool | None:
    """Decide by money; hours of a device and hours of staff cannot be added up without rates."""
    if saved.money is not None:
        return saved.money > 0
    ways = {saved.device_hours > 0, saved.staff_hours > 0}
    return ways.pop() if len(ways) == 1 else None


def _expense(assumptions: Assumptions, slot_seconds: float, staff_hours: float) -> Expense:
    device_hours = slot_seconds / SECONDS_PER_HOUR
    rates = (assumptions.rate_per_hour, assumptions.staff_rate)
    if rates == (None, None):
        return Expense(device_hours=device_hours, staff_hours=staff_hours, money=None)
    money = device_hours * (rates[0] or 0.0) + staff_hours * (rates[1] or 0.0)
    return Expense(device_hours=device_hours, staff_hours=staff_hours, money=money)


def gain_of(
    metric: Metric,
    *,
    base_width: int,
    width: int,
    base_values: Sequence[float],
    values: Sequence[float],
    base_run_seconds: float,
    run_seconds: float,
) -> Gain:
    """Return what the larger size is better by: difference of means over runs at the reused LR."""
    base, larger = sum(base_values) / len(base_values), sum(values) / len(values)
    gain = larger - base if METRIC_INFO[metric].larger_is_better else base - larger
    more_hours = (run_seconds - base_run_seconds) / SECONDS_PER_HOUR
    return Gain(
        metric=metric,
        base_width=base_width,
        width=width,
        base_value=base,
        value=larger,
        gain=gain,
        more_device_hours=more_hours,
        gain_per_device_hour=gain / more_hours if more_hours > 0 else None,
    )
