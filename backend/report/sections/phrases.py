"""Phrases for the meeting: what is asked there, and what this answer allows one to say."""

from __future__ import annotations

from collections.abc import Iterator

from muscope.backend.domain.verdict.verdict import DecidingNumber, Verdict, Within
from muscope.backend.report.blocks import Para, Phrase, Section
from muscope.backend.report.material import Material
from muscope.backend.report.sections.approval import approvals
from muscope.backend.report.sections.first_page import runs_words, stops
from muscope.backend.report.words import answer, limits, next_steps, savings_words
from muscope.backend.report.words.say import Words
from muscope.backend.report.words.three_numbers import interval_text


def phrases(material: Material, words: Words) -> Section:
    """Return the section."""
    pairs = tuple(
        Phrase(words.say(f"report.phrase.{name}"), said) for name, said in _pairs(material, words) if said
    )
    hint = Para(words.say("report.phrases.hint"), "hint")
    return Section("phrases", words.say("report.section.phrases"), (hint, *pairs))


def _pairs(material: Material, words: Words) -> Iterator[tuple[str, str]]:
    verdict = material.verdict
    kind = "waiting" if answer.is_waiting(verdict) else verdict.outcome
    yield "short", words.say(f"report.opening.{kind}", title=answer.title(verdict, words))
    yield "why", _why(material, words)
    if answer.is_founded(verdict) and not answer.is_waiting(verdict):
        yield "size", answer.benefit(verdict, words)
        yield "method", answer.control(verdict, words)
    yield "money", words.sentences(*_money(material, words))
    yield "reach", words.sentences(limits.measured(verdict.ranges, words), words.say("ui.verdict.pilot"))
    yield "stop", words.sentences(*stops(material, words))
    yield "next", _next(material, words)


def _why(material: Material, words: Words) -> str:
    verdict = material.verdict
    deciding = verdict.deciding
    if deciding is None or not answer.is_founded(verdict) or answer.is_waiting(verdict):
        reasons = [words.reason(why) for why in verdict.reasons]
        return reasons[0] if reasons else runs_words(material, words)
    if deciding.number is not DecidingNumber.COST:
        return words.rule(verdict.rule)
    return _cost(verdict, deciding.within, words)


def _cost(verdict: Verdict, within: Within | None, words: Words) -> str:
    deciding, fine = verdict.deciding, words.numbers.fine_percent
    assert deciding is not None, "the caller has looked"
    if deciding.cost.value is None or within is None:
        return words.rule(verdict.rule)
    return words.say(
        f"report.why.{within}",
        size=words.size(deciding.width, deciding.depth),
        cost=fine(deciding.cost.value),
        interval=interval_text(deciding.cost.interval, fine, words) or "–",
        limit=fine(deciding.limit),
        unit=words.say(f"report.unit.{deciding.unit}"),
    )


def _money(material: Material, words: Words) -> Iterator[str]:
    savings = material.savings
    yield words.say(
        "report.money.spent",
        device=words.numbers.hours(savings.spent.device_hours),
        staff=words.numbers.hours(savings.spent.staff_hours),
    )
    if savings_words.effect_of(material.verdict) in (
        savings_words.Effect.FULL,
        savings_words.Effect.AFTER_SEARCH,
    ):
        yield savings_words.sentence(savings, words)
    yield savings_words.effect_words(material.verdict, words)


def _next(material: Material, words: Words) -> str:
    instruction = next_steps.instruction(material.verdict, words)
    said = words.say("report.sentence", text=instruction) if instruction else ""
    return words.sentences(said, approvals(material, words)[0])
