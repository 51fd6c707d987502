"""The first page: one sheet for approval, with answer, three grounds, costs, risks and the request.

It must fit one A4 page whatever the outcome, so every list has a most; the sections behind it leave nothing
out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from muscope.backend.analysis.advice.reliability import shipped_record
from muscope.backend.analysis.advice.target import about_target
from muscope.backend.analysis.reasons import reason, rounded
from muscope.backend.domain.spec.experiment import target_size
from muscope.backend.domain.verdict.outlook import RolloutStepName
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.domain.verdict.verdict import BenefitState, ControlState, Verdict
from muscope.backend.report.material import Material
from muscope.backend.report.sections.approval import approvals
from muscope.backend.report.words import answer, limits, next_steps, savings_words
from muscope.backend.report.words.say import Words
from muscope.backend.report.words.scenario_words import overall_text
from muscope.backend.report.words.three_numbers import Number, three_numbers

MOST_GROUNDS = 3
MOST_RISKS = 4
MOST_STOPS = 3
# Characters of a user's name on the sheet; the appendix has it in full.
NAME_LENGTH = 60
SIGNED_BY = ("prepared", "reviewed", "approved")


class Ground(NamedTuple):
    """One ground of the answer, with the number it rests on where there is one."""

    text: str
    title: str = ""
    value: str = ""
    facts: tuple[str, ...] = ()
    mark: str = ""
    decides: bool = False


class FirstPage(NamedTuple):
    """Everything on the sheet."""

    kicker: str
    subject: str
    facts: tuple[tuple[str, str], ...]
    signed_by: tuple[str, ...]
    banner: str
    outcome: str
    title: str
    marks: tuple[str, ...]
    lead: tuple[str, ...]
    instruction: str
    grounds: tuple[Ground, ...]
    cost_heads: tuple[str, ...]
    cost_rows: tuple[tuple[str, ...], ...]
    cost_notes: tuple[str, ...]
    risks: tuple[str, ...]
    stops: tuple[str, ...]
    approvals: tuple[str, ...]


def first_page(material: Material, words: Words) -> FirstPage:
    """Return the sheet for approval."""
    verdict, savings = material.verdict, material.savings
    has_saved = savings_words.effect_of(verdict) in (
        savings_words.Effect.FULL,
        savings_words.Effect.AFTER_SEARCH,
    )
    marks = answer.marks(verdict, words, is_by_old_rules=material.is_judged_by_old_rules)
    return FirstPage(
        kicker=words.say("report.kicker.interim" if material.is_open else "report.kicker"),
        subject=words.say("report.subject", size=words.size(target_size(material.spec).width)),
        facts=tuple(_facts(material, words)),
        signed_by=tuple(words.say(f"report.signed.{name}") for name in SIGNED_BY),
        banner=state_words(material, words),
        outcome="waiting" if answer.is_waiting(verdict) else verdict.outcome,
        title=answer.title(verdict, words),
        marks=tuple(mark for mark, _ in marks),
        lead=tuple(_lead(material, words)),
        instruction=next_steps.instruction(verdict, words),
        grounds=tuple(_grounds(material, words))[:MOST_GROUNDS],
        cost_heads=savings_words.expense_heads(words),
        cost_rows=savings_words.expense_rows(savings, words, has_saved=has_saved),
        cost_notes=tuple(_cost_notes(material, words, has_saved=has_saved)),
        risks=tuple(_risks(material, words))[:MOST_RISKS],
        stops=stops(material, words)[:MOST_STOPS],
        approvals=approvals(material, words),
    )


def shortened(name: str) -> str:
    """Return a name in a length that the sheet has room for, without what turns the direction of writing."""
    plain = "".join(each if each.isprintable() else " " for each in name)
    return plain if len(plain) <= NAME_LENGTH else plain[: NAME_LENGTH - 1] + "…"


def state_words(material: Material, words: Words) -> str:
    """Return what the state of the experiment means for this report; empty where it is simply complete."""
    if material.is_open:
        runs, numbers = material.runs, words.numbers
        return words.say(
            "report.state.open", ended=numbers.whole(runs.ended), planned=numbers.whole(runs.planned)
        )
    if material.stop_reason == "budget":
        return words.say("report.state.budget")
    return words.say(f"report.state.{material.state}") if material.state != "completed" else ""


def _facts(material: Material, words: Words) -> Iterator[tuple[str, str]]:
    yield words.say("report.fact.experiment"), shortened(material.name)
    yield words.say("report.fact.data"), shortened(material.data.name)
    yield words.say("report.fact.use"), _use(material, words)
    yield _moment(material, words)


def _use(material: Material, words: Words) -> str:
    """Return the model that the learning rate is wanted for, and how it stands to those trained."""
    found = about_target(material.spec, shipped_record())
    factor = words.numbers.figure(float(found.params.get("factor", 1.0)))
    return words.say(
        f"report.use.{found.code}", size=words.size(target_size(material.spec).width), factor=factor
    )


def _moment(material: Material, words: Words) -> tuple[str, str]:
    """Return when the experiment ended, else when it began, else when it was planned."""
    moments = {
        "finished": material.finished_at,
        "started": material.started_at,
        "created": material.created_at,
    }
    name, moment = next((name, moment) for name, moment in moments.items() if moment is not None)
    return words.say(f"report.fact.{name}"), words.moment(moment)


def _lead(material: Material, words: Words) -> Iterator[str]:
    yield answer.lead(material.verdict, words)[0]
    early = material.verdict.early
    if material.verdict.is_interim and early is not None:
        likely = words.say("ui.early.so_far", outcome=words.say(f"ui.outcome.short.{early.outcome}"))
        sure = words.say("ui.early.confidence", percent=words.numbers.percent(early.confidence))
        yield words.noted(likely, sure)
    if len(material.overall.scenarios) > 1:
        yield overall_text(material.overall, material.data.shape.task, words)


def _grounds(material: Material, words: Words) -> Iterator[Ground]:
    """Yield the numbers of the size that decides where they mean something, else why there are none."""
    verdict = material.verdict
    if answer.is_founded(verdict) and not answer.is_waiting(verdict):
        yield from (_ground(number, words) for number in three_numbers(verdict, words))
    if answer.is_waiting(verdict):
        yield Ground(runs_words(material, words))
    else:
        yield from (Ground(words.reason(why)) for why in verdict.reasons)
        yield Ground(runs_words(material, words))
    yield Ground(limits.measured(verdict.ranges, words))
    yield Ground(words.say("report.ground.fixed"))


def _ground(number: Number, words: Words) -> Ground:
    mark = "" if number.within is None else words.say(f"ui.number.within.{number.within}")
    return Ground(number.means, number.title, number.value, number.facts, mark, number.decides)


def runs_words(material: Material, words: Words) -> str:
    """Return how many runs there are, and how many of them diverged."""
    runs, whole = material.runs, words.numbers.whole
    return words.say(
        "report.ground.runs",
        planned=whole(runs.planned),
        ended=whole(runs.ended),
        diverged=whole(runs.diverged),
    )


def _cost_notes(material: Material, words: Words, *, has_saved: bool) -> Iterator[str]:
    if has_saved:
        yield savings_words.sentence(material.savings, words)
    yield savings_words.effect_words(material.verdict, words)
    yield savings_words.assumed(material.savings.assumptions, words)


def _risks(material: Material, words: Words) -> Iterator[str]:
    yield from doubts(material, words)
    yield from limits.not_claimed(material.verdict, words)
    yield words.say("ui.verdict.pilot")


def doubts(material: Material, words: Words) -> Iterator[str]:
    """Yield what speaks against relying on the answer, the gravest first."""
    verdict = material.verdict
    for _, meaning in answer.marks(verdict, words, is_by_old_rules=material.is_judged_by_old_rules):
        yield meaning
    if verdict.outcome in (Outcome.FINE_TUNE, Outcome.DOES_NOT_TRANSFER):
        yield words.say("report.risk.reused_anyway")
    if verdict.outcome is Outcome.SHARPNESS_DRIFTS:
        yield from (words.reason(why) for why in verdict.arm.reasons[:1])
    if answer.is_founded(verdict) and not answer.is_waiting(verdict):
        yield from _of_numbers(verdict, words)


def _of_numbers(verdict: Verdict, words: Words) -> Iterator[str]:
    if verdict.benefit in (BenefitState.NONE, BenefitState.UNSURE):
        yield answer.benefit(verdict, words)
    far = answer.beyond(verdict, words)
    if far and verdict.beyond is not None and not verdict.beyond.holds:
        yield far
    if verdict.control is None or verdict.control_state is not ControlState.WORSE:
        yield answer.control(verdict, words)


def stops(material: Material, words: Words) -> tuple[str, ...]:
    """Return when to stop the pilot; under rules without an outlook, when training diverges."""
    step = next_steps.step_named(material.verdict, RolloutStepName.PILOT)
    if step is not None and step.stop_when:
        return tuple(words.reason(why) for why in step.stop_when)
    return (words.reason(reason("stop_diverged", factor=rounded(material.spec.divergence_factor))),)
