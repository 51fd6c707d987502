"""The three numbers of the size that decides, as the card has them: cost, benefit, distance to divergence."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.verdict.verdict import (
    Cliff,
    Deciding,
    DecidingNumber,
    Estimate,
    FieldStatistics,
    Interval,
    LossStatistics,
    SizeStatistics,
    Verdict,
    Within,
)
from muscope.backend.report.words.say import Words

Format = Callable[[float], str]


class Number(NamedTuple):
    """One number in words; only the one that decides has a limit and says how it lies to it."""

    name: str
    title: str
    value: str
    facts: tuple[str, ...]
    means: str
    details: tuple[str, ...] = ()
    decides: bool = False
    within: str | None = None


def three_numbers(verdict: Verdict, words: Words) -> tuple[Number, ...]:
    """Return the numbers; empty where no size was judged, or under rules without such numbers."""
    deciding = verdict.deciding
    if deciding is None:
        return ()
    named = (deciding.width, deciding.depth)
    size = next((each for each in verdict.arm.sizes if (each.width, each.depth) == named), None)
    if size is None or not size.losses:
        return ()
    loss = size.losses[0]
    margin = verdict.thresholds.min_margin
    return (
        _cost(size, loss, deciding, words),
        _benefit(size, loss, words),
        _cliff(size.cliff, deciding, margin, words),
    )


def _benefit(size: SizeStatistics, loss: LossStatistics, words: Words) -> Number:
    whole = _achievable(loss)
    numbers = words.numbers

    def shown(value: float) -> str:
        return numbers.figure(value) if whole is None else numbers.fine_percent(value / whole)

    means = words.say(f"ui.number.benefit.{'means_loss' if whole is None else 'means'}")
    facts = _facts(interval_text(loss.benefit.interval, shown, words))
    details = _field(size.field, "benefit", words)
    return Number(
        "benefit", _title("benefit", words), _value(loss.benefit, shown, words), facts, means, details
    )


def _achievable(loss: LossStatistics) -> float | None:
    """Return the achievable improvement in units of the loss."""
    if loss.benefit_share and loss.benefit.value:
        return loss.benefit.value / loss.benefit_share
    if loss.transfer_regret.value and loss.cost.value:
        return loss.cost.value / loss.transfer_regret.value
    return None


def _cost(size: SizeStatistics, loss: LossStatistics, deciding: Deciding, words: Words) -> Number:
    fine = words.numbers.fine_percent
    decides = deciding.number is DecidingNumber.COST
    limit = words.say("ui.number.limit", limit=words.say("ui.number.up_to", value=fine(deciding.limit)))
    if deciding.unit is CostUnit.EXTRA_TRAINING:
        other = _detail(words.say("ui.number.cost.share"), loss.transfer_regret, fine, words)
    else:
        other = _detail(words.say("ui.number.cost.extra_training"), loss.extra_training, fine, words)
    details = (
        *_field(size.field, "cost", words),
        *other,
        *_detail(words.say("ui.number.cost.gain_loss"), loss.gain_loss, fine, words),
    )
    return Number(
        "cost",
        _title("cost", words),
        _value(deciding.cost, fine, words),
        _facts(interval_text(deciding.cost.interval, fine, words), limit if decides else None),
        words.say(f"ui.number.cost.means.{deciding.unit}"),
        details,
        decides,
        deciding.within if decides else None,
    )


def _cliff(cliff: Cliff | None, deciding: Deciding, margin: float, words: Words) -> Number:
    title, means = _title("cliff", words), words.say("ui.number.cliff.means")
    if cliff is None:
        return Number("cliff", title, words.say("ui.number.none"), (), means)
    kind = _kind(cliff)
    factor = words.numbers.as_factor
    factors = {"stable": factor(cliff.stable or 0.0), "diverging": factor(cliff.diverging or 0.0)}
    decides = deciding.number is DecidingNumber.CLIFF
    allowed = words.say("ui.number.cliff.allowed", factor=factor(margin))
    limit = words.say("ui.number.limit", limit=allowed) if decides else None
    return Number(
        "cliff",
        title,
        words.say(f"ui.number.cliff.value.{kind}", **factors),
        _facts(words.say(f"ui.number.cliff.known.{kind}", **factors), limit),
        means,
        (),
        decides,
        Within.NO if decides else None,
    )


def _kind(cliff: Cliff) -> str:
    if cliff.diverging is None:
        return "at_least"
    if not cliff.is_measured:
        return "estimated"
    return "measured" if cliff.diverging > 0 else "here"


def _title(name: str, words: Words) -> str:
    return words.say(f"ui.number.{name}.title")


def _value(estimate: Estimate, shown: Format, words: Words) -> str:
    return words.say("ui.number.none") if estimate.value is None else shown(estimate.value)


def _facts(*facts: str | None) -> tuple[str, ...]:
    return tuple(fact for fact in facts if fact)


def interval_text(interval: Interval | None, shown: Format, words: Words) -> str | None:
    """Return an interval with its level; None where there is none."""
    if interval is None:
        return None
    ends = words.say("ui.number.range", low=shown(interval.low), high=shown(interval.high))
    return words.say("ui.number.interval", percent=words.numbers.percent(interval.level), interval=ends)


def estimate_text(estimate: Estimate, shown: Format) -> str:
    """Return value and interval as a table has them: `0.50 [0.20, 0.80]`."""
    if estimate.value is None:
        return "–"
    interval = estimate.interval
    ends = "" if interval is None else f" [{shown(interval.low)}, {shown(interval.high)}]"
    return shown(estimate.value) + ends


def _field(field: FieldStatistics | None, what: str, words: Words) -> tuple[str, ...]:
    if field is None:
        return ()
    is_share = field.metric is Metric.VAL_ACCURACY
    name = words.say(f"ui.number.{what}.{'accuracy' if is_share else 'error'}")
    shown = _points(words) if is_share else words.numbers.figure
    return _detail(name, field.cost if what == "cost" else field.benefit, shown, words)


def _points(words: Words) -> Format:
    """Return the format of a difference of shares in percentage points."""

    def shown(share: float) -> str:
        rounded = float(words.numbers.octaves(100.0 * share).replace(",", ""))
        return words.say("ui.number.points", value=f"{rounded:g}")

    return shown


def _detail(name: str, estimate: Estimate, shown: Format, words: Words) -> tuple[str, ...]:
    if estimate.value is None:
        return ()
    value, ends = shown(estimate.value), interval_text(estimate.interval, shown, words)
    said = value if ends is None else words.say("ui.number.detail_range", value=value, range=ends)
    return (words.say("ui.number.detail", name=name, value=said),)
