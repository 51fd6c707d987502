"""The figures, and the answer with its evidence."""

from __future__ import annotations

from collections.abc import Iterator

from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.domain.verdict.verdict import ArmVerdict, Verdict
from muscope.backend.report.blocks import Block, Bullets, Facts, Para, Picture, Section, Sub, Table
from muscope.backend.report.material import Material
from muscope.backend.report.sections.first_page import state_words
from muscope.backend.report.svg.draw import draw, notes_of
from muscope.backend.report.words import answer, limits, next_steps
from muscope.backend.report.words.say import Words
from muscope.backend.report.words.scenario_words import overall_text, scenario_heads, scenario_rows
from muscope.backend.report.words.three_numbers import Number, estimate_text, three_numbers


def figures(material: Material, words: Words) -> Section:
    """Return the figures of the page as vector pictures."""
    pictures = tuple(
        Picture(
            draw(each.content, each.name, each.title), each.title, each.description, notes_of(each.content)
        )
        for each in material.figures
    )
    return Section("figures", words.say("report.section.figures"), pictures)


def evidence(material: Material, words: Words) -> Section:
    """Return the answer, the numbers that decided, the reasons, and how far it reaches."""
    return Section("verdict", words.say("report.section.verdict"), tuple(_blocks(material, words)))


def _blocks(material: Material, words: Words) -> Iterator[Block]:
    verdict = material.verdict
    state = state_words(material, words)
    if state:
        yield Para(state, "warning")
    yield Para(answer.title(verdict, words), "lead")
    yield from (Para(said) for said in answer.lead(verdict, words))
    for mark, why in answer.marks(verdict, words, is_by_old_rules=material.is_judged_by_old_rules):
        yield Para(words.say("ui.number.detail", name=mark, value=why), "hint")
    if answer.is_founded(verdict) and not answer.is_waiting(verdict):
        yield from _numbers(verdict, words)
    if verdict.reasons:
        title = "ui.verdict.missing" if verdict.outcome is Outcome.INCONCLUSIVE else "report.verdict.reasons"
        yield Sub(words.say(title))
        yield Bullets(tuple(words.reason(why) for why in verdict.reasons))
    yield from _open(verdict, words)
    yield from _scenarios(material, words)
    yield from _axes(verdict.arm, words)
    yield Sub(words.say("ui.verdict.ranges"))
    yield Para(limits.measured(verdict.ranges, words))
    yield Sub(words.say("ui.verdict.extrapolated"))
    yield from (Para(said) for said in limits.estimated(verdict, words))


def _numbers(verdict: Verdict, words: Words) -> Iterator[Block]:
    numbers = three_numbers(verdict, words)
    if not numbers or verdict.deciding is None:
        return
    size = words.size(verdict.deciding.width, verdict.deciding.depth)
    yield Sub(words.say("ui.verdict.evidence", size=size, base=words.size(verdict.base_width)))
    heads = tuple(words.say(f"report.number.{name}") for name in ("name", "value", "known", "more"))
    yield Table(heads, tuple(_number_row(each, words) for each in numbers))
    for each in numbers:
        yield Para(words.say("ui.number.detail", name=each.title, value=each.means), "hint")


def _number_row(number: Number, words: Words) -> tuple[str, ...]:
    mark = "" if number.within is None else words.say(f"ui.number.within.{number.within}")
    decides = words.say("ui.number.decides") if number.decides else ""
    return (
        words.noted(number.title, decides),
        words.noted(number.value, mark),
        " / ".join(number.facts) or "–",
        " / ".join(number.details) or "–",
    )


def _open(verdict: Verdict, words: Words) -> Iterator[Block]:
    if verdict.open is None or answer.is_waiting(verdict) or not answer.is_founded(verdict):
        return
    rows = []
    if verdict.open.likely is not None:
        rows.append((words.say("ui.open.likely"), words.say(f"ui.outcome.short.{verdict.open.likely}")))
    safe, settled = next_steps.safe_way(verdict, words), next_steps.settles(verdict, words)
    rows += [(words.say("ui.open.safe"), safe)] if safe else []
    rows += [(words.say("ui.open.settles"), settled)] if settled else []
    yield Facts(tuple(rows))


def _scenarios(material: Material, words: Words) -> Iterator[Block]:
    if len(material.overall.scenarios) < 2:
        return
    task = material.data.shape.task
    yield Sub(words.say("ui.scenarios.title"))
    yield Para(overall_text(material.overall, task, words))
    yield Table(scenario_heads(words), scenario_rows(material.overall, task, words))
    yield Para(words.say("ui.scenarios.rule"), "hint")


def _axes(arm: ArmVerdict, words: Words) -> Iterator[Block]:
    if len(arm.axes) < 2:
        return
    yield Sub(words.say("ui.axis.title"))
    yield Facts(
        tuple(
            (words.say(f"ui.axis.{each.axis}"), words.say(f"ui.outcome.short.{each.outcome}"))
            for each in arm.axes
        )
    )


def sizes_table(arm: ArmVerdict, words: Words) -> Table:
    """Return the statistics of every size and loss, for engineers."""
    numbers = words.numbers
    names = (
        "size",
        "loss",
        "optimum",
        "shift",
        "regret",
        "extra_training",
        "gain_loss",
        "diverged",
        "spread",
    )
    heads = tuple(words.say(f"ui.why.head.{name}") for name in names)
    rows = [
        (
            f"{size.width} × {size.depth}",
            words.say(f"loss.{loss.loss}"),
            numbers.figure(loss.optimal_lr) + (words.say("ui.why.edge") if loss.is_edge else ""),
            estimate_text(loss.lr_shift, numbers.octaves),
            estimate_text(loss.transfer_regret, numbers.fine_percent),
            estimate_text(loss.extra_training, numbers.percent),
            estimate_text(loss.gain_loss, numbers.percent),
            numbers.percent(size.divergence_rate),
            numbers.figure(size.spread_level),
        )
        for size in arm.sizes
        for loss in size.losses
    ]
    return Table(heads, tuple(rows), is_dense=True)
