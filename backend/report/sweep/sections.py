"""Sections of a sweep's report behind the sheet for approval."""

from __future__ import annotations

from collections.abc import Iterator

from muscope.backend.analysis.reasons import rounded
from muscope.backend.report.blocks import Block, Bullets, Facts, Para, Picture, Section, Sub, Table
from muscope.backend.report.contents import Contents
from muscope.backend.report.svg.draw import draw, notes_of
from muscope.backend.report.sweep.first_page import COST_HEADS, comparison_rows, law_words, sweep_first_page
from muscope.backend.report.sweep.material import SweepMaterial
from muscope.backend.report.words.say import Words
from muscope.backend.sweeps.answers.answer import ArmAnswer
from muscope.backend.sweeps.answers.pool import level_text
from muscope.backend.sweeps.words import axis_name, judged_runs, note

MOST_RUNS = 20


def sweep_contents(material: SweepMaterial, words: Words) -> Contents:
    """Return the contents in one language; a section without content is left out."""
    sections = (_answers(material, words), _figures(material, words), _runs(material, words))
    return Contents(
        words.say("report.document", name=material.name),
        sweep_first_page(material, words),
        tuple(s for s in (*sections, _appendix(material, words)) if s.blocks),
    )


def _answers(material: SweepMaterial, words: Words) -> Section:
    blocks = [block for arm in material.answer.arms for block in _of_arm(arm, words)]
    blocks += [Sub(words.say("report.sweep.lacks")), Bullets(tuple(_notes(material, words)))]
    return Section("verdict", words.say("report.section.verdict"), tuple(blocks))


def _of_arm(arm: ArmAnswer, words: Words) -> Iterator[Block]:
    yield Sub(" / ".join(arm.arm.values()) or words.say("report.sweep.only_arm"))
    heads = ("axis", "answer", "reason")
    rows = tuple(
        (
            axis_name(axis.axis, words.language),
            words.say(f"sweep.outcome.{axis.outcome}"),
            words.say(f"sweep.rule.{axis.rule}"),
        )
        for axis in arm.axes
    )
    if rows:
        yield Table(tuple(words.say(f"report.sweep.head.{name}") for name in heads), rows)
    compared = tuple(comparison_rows((axis for axis in arm.axes if axis.is_ordered), words))
    if compared:
        first, *costs = (words.say(f"report.sweep.cost.{name}") for name in COST_HEADS)
        yield Table((first, words.say("report.sweep.head.answer"), *costs), compared, is_dense=True)
    said = [note(each, words.language) for axis in arm.axes for each in axis.reasons]
    said += [note(each, words.language) for each in arm.reasons]
    noise = "" if arm.noise is None else rounded(arm.noise)
    said.append(words.say(f"sweep.noise.{arm.noise_source}", noise=noise))
    yield Bullets(tuple(said))


def _notes(material: SweepMaterial, words: Words) -> Iterator[str]:
    yield from (note(each, words.language) for each in material.answer.notes)
    yield law_words(material, words)


def _figures(material: SweepMaterial, words: Words) -> Section:
    pictures = tuple(
        Picture(
            draw(each.content, each.name, each.title), each.title, each.description, notes_of(each.content)
        )
        for each in material.figures
    )
    return Section("figures", words.say("report.section.figures"), pictures)


def _runs(material: SweepMaterial, words: Words) -> Section:
    runs = judged_runs(material.answer)
    heads = ("setting", "lr", "seeds", "purpose")
    rows = tuple(
        (
            ", ".join((*run.arm.values(), *(f"{n} {level_text(v)}" for n, v in run.levels.items()))),
            f"{rounded(run.lr):g}",
            str(run.num_seeds),
            words.say(f"sweep.purpose.{run.purpose}"),
        )
        for run in runs[:MOST_RUNS]
    )
    blocks: tuple[Block, ...] = ()
    if rows:
        table = Table(tuple(words.say(f"report.sweep.run.{name}") for name in heads), rows, is_dense=True)
        rest = len(runs) - len(rows)
        more = (Para(words.say("report.sweep.run.rest", count=rest), "hint"),) if rest else ()
        blocks = (Para(words.say("report.sweep.run.lead")), table, *more)
    return Section("runs", words.say("report.sweep.run.title"), blocks)


def _appendix(material: SweepMaterial, words: Words) -> Section:
    facts = (
        (words.say("report.sweep.fact.checksum"), material.source_sha256),
        (words.say("report.sweep.fact.rules"), material.answer.version),
        (words.say("report.fact.version"), material.version),
    )
    columns = tuple((each.name, words.say(f"sweep.role.{each.role}")) for each in material.columns)
    heads = (words.say("report.sweep.head.column"), words.say("report.sweep.head.meaning"))
    title = words.say("report.section.appendix")
    return Section("appendix", title, (Facts(facts), Table(heads, columns, is_dense=True)))
