"""Appendix: everything needed to repeat the study and to check the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator

from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.verdict.outlook import Outlook
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.backend.report.blocks import Block, Code, Facts, Para, Section, Sub
from muscope.backend.report.material import Material
from muscope.backend.report.sections.evidence import sizes_table
from muscope.backend.report.words.say import Words

MOST_SEEDS_LISTED = 64


def appendix(material: Material, words: Words) -> Section:
    """Return the section."""
    return Section("appendix", words.say("report.section.appendix"), tuple(_blocks(material, words)))


def _blocks(material: Material, words: Words) -> Iterator[Block]:
    verdict = material.verdict
    yield Para(words.say("report.appendix.repeat"))
    yield Facts(tuple(_identity(material, words)))
    for each in material.environments:
        yield Sub(words.say("report.appendix.environment"))
        yield Facts(tuple((name, str(value)) for name, value in sorted(each.items())))
    yield Sub(words.say("report.appendix.rule"))
    yield Para(words.rule(verdict.rule))
    for arm in (verdict.arm, *([verdict.control] if verdict.control is not None else [])):
        if not arm.sizes:
            continue
        name = words.say(f"figure.arm.{arm.parametrization}")
        yield Sub(words.say("ui.why.arm", arm=name, outcome=words.say(f"ui.outcome.short.{arm.outcome}")))
        yield sizes_table(arm, words)
    yield Sub(words.say("ui.trust.title"))
    yield from (Para(said) for said in _trust(verdict.outlook, words))
    yield Sub(words.say("ui.why.thresholds"))
    yield Facts(tuple(_thresholds(verdict, words)))
    yield Sub(words.say("report.appendix.spec"))
    yield Code(_one_line_a_field(material.spec))


def _one_line_a_field(spec: ExperimentSpec) -> str:
    """Return a spec as JSON that a person can read and a program can send."""
    fields = sorted(spec.model_dump(mode="json").items())
    lines = [f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields]
    return "{\n" + ",\n".join(lines) + "\n}"


def _identity(material: Material, words: Words) -> Iterator[tuple[str, str]]:
    verdict, whole = material.verdict, words.numbers.whole
    yield words.say("report.fact.experiment"), material.name
    yield words.say("report.fact.created"), words.moment(material.created_at)
    yield words.say("report.fact.started"), words.moment(material.started_at)
    yield words.say("report.fact.finished"), words.moment(material.finished_at)
    yield words.say("report.fact.state"), words.say(f"ui.state.{material.state}")
    yield words.say("report.fact.spec"), material.spec_sha256
    yield words.say("report.fact.fingerprint"), material.data.sha256
    yield words.say("report.fact.rules"), verdict.rule_version
    yield words.say("report.fact.rule"), verdict.rule
    yield words.say("report.fact.thresholds"), verdict.thresholds.sha256()
    seeds = ", ".join(str(seed) for seed in material.spec.seeds[:MOST_SEEDS_LISTED])
    yield words.say("report.fact.seeds"), seeds
    yield words.say("report.fact.spec_seed"), str(material.spec.spec_seed)
    runs = material.runs
    yield (
        words.say("report.fact.runs"),
        words.say(
            "report.fact.runs_of",
            planned=whole(runs.planned),
            ended=whole(runs.ended),
            diverged=whole(runs.diverged),
            failed=whole(runs.failed),
        ),
    )
    yield words.say("report.fact.version"), material.version


def _trust(outlook: Outlook | None, words: Words) -> Iterator[str]:
    """Yield what the calibration study allows one to claim (`frontend/js/verdict/verdict_trust.js`)."""
    if outlook is None or outlook.reliability.record is None:
        reasons = () if outlook is None else outlook.reliability.reasons
        yield from [words.reason(why) for why in reasons] or [words.say("ui.trust.not_calibrated")]
        return
    found, record = outlook.reliability, outlook.reliability.record
    numbers = words.numbers
    yield words.say(
        "ui.trust.errors",
        count=numbers.whole(record.false_transfers.count),
        of=numbers.whole(record.false_transfers.of),
        bound=numbers.percent(found.error_bound),
        date=record.date,
    )
    if not found.is_same_rules:
        yield words.say("ui.trust.other_rules", version=record.rule_version)
    for why in found.reasons:
        if why.code not in ("error_bound", "calibrated_otherwise"):
            yield words.reason(why)


def _thresholds(verdict: Verdict, words: Words) -> Iterator[tuple[str, str]]:
    for name, value in verdict.thresholds.model_dump().items():
        key = f"ui.threshold.{name}"
        yield (words.say(key) if words.has(key) else name), words.numbers.figure(float(value))
