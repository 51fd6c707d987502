"""Reach of the answer in words: measured, estimated, not claimed (as `verdict_limits.js` of the page)."""

from __future__ import annotations

from muscope.backend.domain.verdict.outlook import Basis, Extrapolation, Horizon
from muscope.backend.domain.verdict.verdict import Ranges, Verdict
from muscope.backend.report.words.say import Words


def measured(ranges: Ranges, words: Words) -> str:
    """Return the range that was measured."""
    numbers = words.numbers
    if not ranges.widths:
        return words.say("ui.verdict.nothing_measured")
    return words.say(
        "ui.verdict.measured",
        widths=words.sizes(ranges.widths),
        depths=words.sizes(ranges.depths),
        steps=numbers.whole(ranges.num_steps),
        batch=numbers.whole(ranges.batch_size),
        seeds=numbers.whole(ranges.num_seeds),
        low=numbers.figure(ranges.lr_low),
        high=numbers.figure(ranges.lr_high),
    )


def estimated(verdict: Verdict, words: Words) -> list[str]:
    """Return the statements beyond what was measured."""
    pilot = words.say("ui.verdict.pilot")
    if verdict.outlook is None:
        return [words.say("ui.verdict.no_extrapolation"), pilot]
    larger = _larger(verdict.outlook.extrapolation, words)
    return [larger, _horizon(verdict.outlook.horizon, words), pilot]


def not_claimed(verdict: Verdict, words: Words) -> list[str]:
    """Return what nothing is said about."""
    return [words.reason(reason) for reason in verdict.ranges.not_claimed]


def _larger(found: Extrapolation, words: Words) -> str:
    size = words.size(found.target.width)
    if found.claim is Basis.NOT_CLAIMED:
        return words.say("ui.verdict.target_not_claimed", size=size, why=words.reason(found.reasons[-1]))
    if found.claim is not Basis.EXTRAPOLATED or found.lr.value is None:
        return words.say("ui.verdict.no_extrapolation")
    figure, interval = words.numbers.figure, found.lr.interval
    low, high = (found.lr.value,) * 2 if interval is None else (interval.low, interval.high)
    return words.say(
        "ui.verdict.expected",
        size=size,
        lr=figure(found.lr.value),
        low=figure(low),
        high=figure(high),
        percent=words.numbers.percent(0.0 if interval is None else interval.level),
    )


def _horizon(found: Horizon, words: Words) -> str:
    trend = found.trends[-1] if found.trends else None
    value = None if trend is None else trend.per_doubling.value
    if not found.is_available or trend is None or value is None:
        said = " ".join(words.reason(reason) for reason in found.reasons)
        return said or words.say("ui.horizon.unknown")
    interval, figure = trend.per_doubling.interval, words.numbers.figure
    factor = figure(2.0**value)
    if interval is None:
        return words.say("ui.horizon.moves_about", factor=factor)
    low, high = figure(2.0**interval.low), figure(2.0**interval.high)
    return words.say("ui.horizon.moves", factor=factor, low=low, high=high)
