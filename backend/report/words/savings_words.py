"""Savings in words (`frontend/js/cost/savings_answer.js`), and whether this answer lets them come true."""

from __future__ import annotations

from enum import StrEnum

from muscope.backend.domain.cost.savings import Assumptions, Expense, Gain, Savings
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.backend.report.words.numbers import NONE, SECONDS_PER_HOUR
from muscope.backend.report.words.say import Words


class Effect(StrEnum):
    """Extent to which an answer lets the saving come true."""

    FULL = "full"
    AFTER_SEARCH = "after_search"  # less a narrow search at the target
    NONE = "none"  # the target must be tuned anyway
    OPEN = "open"


_EFFECTS = {
    Outcome.TRANSFERS: Effect.FULL,
    Outcome.SHARPNESS_DRIFTS: Effect.FULL,
    Outcome.FINE_TUNE: Effect.AFTER_SEARCH,
    Outcome.DOES_NOT_TRANSFER: Effect.NONE,
    Outcome.INCONCLUSIVE: Effect.OPEN,
}


def effect_of(verdict: Verdict) -> Effect:
    """Return how much of the saving this answer allows."""
    return Effect.OPEN if verdict.is_interim else _EFFECTS[verdict.outcome]


def effect_words(verdict: Verdict, words: Words) -> str:
    """Return what the answer means for the saving."""
    effect = effect_of(verdict)
    sweep = None if verdict.outlook is None else verdict.outlook.recommendation.narrow_sweep
    if effect is Effect.AFTER_SEARCH and sweep is not None:
        time = NONE if sweep.seconds is None else words.about(sweep.seconds)
        runs = words.numbers.whole(sweep.num_runs)
        return words.say("report.effect.after_search_takes", runs=runs, time=time)
    return words.say(f"report.effect.{effect}")


def sentence(savings: Savings, words: Words) -> str:
    """Return the comparison as one sentence: device time and money may disagree, then both are said."""
    ratio, is_saving = savings.device_ratio, savings.is_saving
    if is_saving is None:
        key = "undecided"
    elif not is_saving:
        key = "costs_more"
    else:
        key = "saves_staff" if ratio is not None and ratio < 1 else "saves"
    factor = NONE if ratio is None else words.numbers.factor(ratio)
    return words.say(f"ui.savings.{key}", factor=factor, hours=words.numbers.hours(savings.saved.staff_hours))


def expense_rows(savings: Savings, words: Words, *, has_saved: bool) -> tuple[tuple[str, ...], ...]:
    """Return the rows of the comparison: staff time, device time, money."""
    named = [("direct", savings.direct), ("spent", savings.spent)]
    named += [("saved", savings.saved)] if has_saved else []
    currency = savings.assumptions.currency
    return tuple((words.say(f"ui.savings.{name}"), *_cells(each, currency, words)) for name, each in named)


def _cells(expense: Expense, currency: str, words: Words) -> tuple[str, ...]:
    hours = words.numbers.hours
    money = (
        words.say("report.money.none")
        if expense.money is None
        else words.numbers.money(expense.money, currency)
    )
    return hours(expense.staff_hours), hours(expense.device_hours), money


def expense_heads(words: Words) -> tuple[str, ...]:
    """Return the heads of these rows."""
    return ("", *(words.say(f"ui.savings.head.{name}") for name in ("staff", "device", "money")))


def assumed(assumptions: Assumptions, words: Words) -> str:
    """Return the assumptions as one sentence, said as such."""
    numbers = words.numbers
    return words.say(
        "report.savings.assumed",
        width=numbers.plain(assumptions.target_width),
        lrs=numbers.whole(assumptions.num_lrs),
        seeds=numbers.whole(assumptions.num_seeds),
        runs=numbers.whole(assumptions.num_lrs * assumptions.num_seeds),
        by_hand=numbers.hours(assumptions.hours_per_run),
        study=numbers.hours(assumptions.poc_hours),
        rate=_rate(assumptions.rate_per_hour, assumptions.currency, words),
        staff=_rate(assumptions.staff_rate, assumptions.currency, words),
    )


def _rate(rate: float | None, currency: str, words: Words) -> str:
    if rate is None:
        return words.say("report.rate.none")
    return words.say("report.rate.per_hour", money=words.numbers.money(rate, currency))


def gain_words(gain: Gain, words: Words) -> str:
    """Return what the larger model gained at the reused rate, and the device time a run of it takes more."""
    numbers = words.numbers
    params = {
        "metric": words.say(f"ui.savings.metric.{gain.metric}"),
        "base": numbers.plain(gain.base_width),
        "target": numbers.plain(gain.width),
        "before": _metric(gain.metric, gain.base_value, words),
        "after": _metric(gain.metric, gain.value, words),
    }
    if gain.gain <= 0:
        return words.say("ui.savings.not_better", **params)
    hours = gain.more_device_hours
    time = numbers.duration(hours * SECONDS_PER_HOUR)
    price = words.say("ui.savings.price_of_it", time=time) if hours > 0 else ""
    return words.say("ui.savings.better", **params) + price


def _metric(metric: Metric, value: float, words: Words) -> str:
    return (
        words.numbers.percent_in_tenths(value)
        if metric is Metric.VAL_ACCURACY
        else words.numbers.figure(value)
    )
