"""Savings, risks, and the roll-out in gates."""

from __future__ import annotations

from collections.abc import Iterator

from muscope.backend.report.blocks import Block, Bullets, Facts, Para, Section, Sub, Table
from muscope.backend.report.material import Material
from muscope.backend.report.sections.approval import approvals
from muscope.backend.report.sections.first_page import doubts, stops
from muscope.backend.report.words import limits, next_steps, savings_words
from muscope.backend.report.words.say import Words


def savings(material: Material, words: Words) -> Section:
    """Return what the study took, what it saves if its answer is acted on, and what was assumed."""
    found = material.savings
    has_saved = savings_words.effect_of(material.verdict) in (
        savings_words.Effect.FULL,
        savings_words.Effect.AFTER_SEARCH,
    )
    blocks: list[Block] = [Para(savings_words.sentence(found, words))] if has_saved else []
    blocks.append(Para(savings_words.effect_words(material.verdict, words)))
    if not found.is_final:
        blocks.append(Para(words.say("ui.savings.not_final"), "warning"))
    rows = savings_words.expense_rows(found, words, has_saved=has_saved)
    blocks += [Table(savings_words.expense_heads(words), rows)]
    blocks += [Para(savings_words.gain_words(gain, words)) for gain in found.gains]
    if material.data.shape.is_log_label:
        blocks.append(Para(words.say("ui.verdict.log_label"), "hint"))
    blocks += [Sub(words.say("ui.savings.assumed")), Para(savings_words.assumed(found.assumptions, words))]
    slow = words.say("report.savings.slowness", factor=words.numbers.factor(found.slowness))
    return Section("savings", words.say("report.section.savings"), (*blocks, Para(slow, "hint")))


def risks(material: Material, words: Words) -> Section:
    """Return what may go wrong, what is not claimed, and when to stop."""
    return Section("risks", words.say("report.section.risks"), tuple(_risks(material, words)))


def _risks(material: Material, words: Words) -> Iterator[Block]:
    verdict = material.verdict
    found = tuple(doubts(material, words))
    if found:
        yield Bullets(found)
    yield Sub(words.say("ui.verdict.not_claimed"))
    claims = limits.not_claimed(verdict, words)
    yield Bullets(tuple(claims or [words.say("ui.verdict.pilot")]))
    yield Sub(words.say("report.risk.stop"))
    yield Bullets(stops(material, words))


def rollout(material: Material, words: Words) -> Section:
    """Return the three gates, each with its check and its stop."""
    verdict = material.verdict
    blocks: list[Block] = [Para(words.say("report.rollout.how"))]
    if verdict.open is None or verdict.is_interim:
        blocks.append(Para(next_steps.next_words(verdict, words), "lead"))
    else:
        blocks.append(Bullets(approvals(material, words)))
    heads = tuple(words.say(f"report.rollout.{name}") for name in ("gate", "state", "checks", "stop"))
    rows = tuple(
        (
            words.say(f"ui.gate.name.{step.name}"),
            words.say(f"report.gate.{step.state}"),
            words.sentences(*map(words.reason, step.checks)) or "–",
            words.sentences(*map(words.reason, step.stop_when)) or "–",
        )
        for step in next_steps.steps_of(verdict)
    )
    blocks.append(Table(heads, rows) if rows else Para(words.say("ui.verdict.pilot")))
    facts = tuple(next_steps.target_facts(verdict, words))
    if facts:
        blocks += [Sub(words.say("report.rollout.target")), Facts(facts)]
    advised = () if verdict.outlook is None else verdict.outlook.recommendation.reasons
    if advised:
        blocks.append(Bullets(tuple(words.reason(why) for why in advised)))
    return Section("rollout", words.say("report.section.rollout"), tuple(blocks))
