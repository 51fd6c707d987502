"""The sheet for approval of a sweep's report; every list has a most, so that it fits one page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from muscope.backend.analysis.reasons import percent, rounded
from muscope.backend.analysis.verdict.rules import SEVERITY
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.report.sections.first_page import (
    MOST_GROUNDS,
    MOST_RISKS,
    SIGNED_BY,
    FirstPage,
    Ground,
    shortened,
)
from muscope.backend.report.sweep.material import SweepMaterial, targets
from muscope.backend.report.words.say import Words
from muscope.backend.sweeps.answers.answer import AxisAnswer, SweepComparison
from muscope.backend.sweeps.answers.pool import level_text
from muscope.backend.sweeps.words import axis_name, judged_runs, note

MOST_ROWS = 5
_STOPS = ("diverges", "worse")
COST_HEADS = ("comparison", "loss", "benefit", "compute")
# As many comparisons of an axis as the page shows; of more, those that decide.
MOST_COMPARED = 12


def sweep_first_page(material: SweepMaterial, words: Words) -> FirstPage:
    """Return the sheet for approval."""
    outcome = material.answer.outcome
    axes = words.numbers.listed([axis_name(axis.axis, words.language) for axis in material.axes])
    marks = (words.say("ui.verdict.mark.provisional"),) if material.is_provisional else ()
    return FirstPage(
        kicker=words.say("report.kicker"),
        subject=words.say("report.sweep.subject", axes=axes),
        facts=tuple(_facts(material, words)),
        signed_by=tuple(words.say(f"report.signed.{name}") for name in SIGNED_BY),
        banner="",
        outcome=outcome,
        title=words.say(f"sweep.headline.{outcome}"),
        marks=marks,
        lead=tuple(_lead(material, words)),
        instruction=words.say(f"report.sweep.do.{outcome}"),
        grounds=tuple(_grounds(material, words))[:MOST_GROUNDS],
        cost_heads=tuple(words.say(f"report.sweep.cost.{name}") for name in COST_HEADS),
        cost_rows=tuple(cost_rows(material.axes, words))[:MOST_ROWS],
        cost_notes=(law_words(material, words),),
        risks=tuple(_risks(material, words))[:MOST_RISKS],
        stops=tuple(words.say(f"report.sweep.stop.{name}") for name in _STOPS),
        approvals=tuple(_approvals(material, words)),
    )


def law_words(material: SweepMaterial, words: Words) -> str:
    """Return the assumption behind percentages of compute."""
    law = material.answer.law
    if law is None:
        return words.say("report.sweep.no_law")
    return words.say("report.sweep.law", irreducible=f"{law.irreducible:g}", exponent=f"{law.exponent:g}")


def cost_rows(axes: list[AxisAnswer], words: Words) -> Iterator[tuple[str, ...]]:
    """Yield the cost of reuse in each unit, one row per comparison that decides."""
    for axis in axes:
        for each in targets(axis):
            yield (_compared(axis, each, words), *_costs(each))


def comparison_rows(axes: Iterable[AxisAnswer], words: Words) -> Iterator[tuple[str, ...]]:
    """Yield the answer and the costs of every comparison, also where the one that decides has none."""
    for axis in axes:
        is_long = len(axis.comparisons) > MOST_COMPARED
        for each in targets(axis) if is_long else axis.comparisons:
            yield _compared(axis, each, words), words.say(f"sweep.outcome.{each.outcome}"), *_costs(each)


def _compared(axis: AxisAnswer, each: SweepComparison, words: Words) -> str:
    return f"{axis_name(axis.axis, words.language)} {level_text(each.base)} → {level_text(each.target)}"


def _costs(each: SweepComparison) -> tuple[str, str, str]:
    measures = each.measures
    loss, benefit, compute = measures.cost.value, measures.benefit_lost.value, measures.extra_compute.value
    sign = "≥ " if measures.is_lower_bound else ""
    return (
        "–" if loss is None else f"{sign}{rounded(loss):g}",
        "–" if benefit is None else f"{sign}{percent(benefit)}%",
        "–" if compute is None else f"{sign}{percent(compute)}%",
    )


def _facts(material: SweepMaterial, words: Words) -> Iterator[tuple[str, str]]:
    yield words.say("report.sweep.fact.table"), shortened(material.name)
    yield words.say("report.sweep.fact.rows"), words.numbers.whole(material.answer.num_rows)
    yield words.say("report.sweep.fact.received"), words.moment(material.created_at)


def _lead(material: SweepMaterial, words: Words) -> Iterator[str]:
    yield words.say(f"report.sweep.lead.{material.answer.outcome}")
    if material.is_provisional:
        yield words.say("sweep.text.provisional", seeds=material.answer.thresholds.full_seeds)


def _grounds(material: SweepMaterial, words: Words) -> Iterator[Ground]:
    """Yield the rule of each axis, the worst first, with the cost that decided where one is known."""
    for axis in sorted(material.axes, key=lambda each: -SEVERITY[each.outcome]):
        worst = max(targets(axis), key=lambda each: SEVERITY[each.outcome], default=None)
        cost = None if worst is None else worst.measures.cost.value
        title = words.say(
            "sweep.text.axis",
            axis=axis_name(axis.axis, words.language),
            outcome=words.say(f"sweep.outcome.{axis.outcome}"),
        )
        value = "–" if cost is None else words.say("report.sweep.cost_of", cost=rounded(cost))
        facts = () if worst is None else (_compared(axis, worst, words),)
        yield Ground(words.say(f"sweep.rule.{axis.rule}"), title, value, facts)
    for reason in (r for axis in material.axes for r in axis.reasons):
        yield Ground(note(reason, words.language))


def _risks(material: SweepMaterial, words: Words) -> Iterator[str]:
    for reason in (*(r for axis in material.axes for r in axis.reasons), *material.answer.notes):
        yield note(reason, words.language)
    yield words.say("report.sweep.risk.not_ours")


def _approvals(material: SweepMaterial, words: Words) -> Iterator[str]:
    outcome = material.answer.outcome
    yield words.say(f"report.sweep.approve.{outcome}")
    runs = judged_runs(material.answer)
    if runs:
        is_open = outcome is Outcome.INCONCLUSIVE
        count = sum(run.num_seeds for run in runs if run.settles or not is_open)
        key = "report.sweep.approve.settle" if is_open else "report.sweep.approve.confirm"
        yield words.say(key, count=words.numbers.whole(count))
    yield words.say("report.approve.production")
