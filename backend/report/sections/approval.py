"""The request: what is to be approved now, by the outcome. Production is never among it."""

from __future__ import annotations

from collections.abc import Iterator

from muscope.backend.domain.spec.experiment import target_size
from muscope.backend.domain.verdict.outlook import RolloutStepName
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.backend.report.material import Material
from muscope.backend.report.words import answer, next_steps
from muscope.backend.report.words.say import Words

MOST_MISSING = 2
# Reasons that name nothing to add.
NOT_MISSING = frozenset(
    {"provisional", "thresholds_changed", "thresholds_not_fixed", "control_transfers", "add_seeds"}
)


def approvals(material: Material, words: Words) -> tuple[str, ...]:
    """Return the points to approve; for an interim report, that there are none."""
    verdict = material.verdict
    if material.is_open or verdict.is_interim:
        return (words.say("report.approve.interim"), words.say("report.approve.interim_then"))
    by_outcome = {
        Outcome.TRANSFERS: _reuse,
        Outcome.SHARPNESS_DRIFTS: _reuse,
        Outcome.FINE_TUNE: _search,
        Outcome.DOES_NOT_TRANSFER: _tune,
        Outcome.INCONCLUSIVE: _find_out,
    }
    return tuple(by_outcome[verdict.outcome](material, verdict, words))


def _target_width(material: Material, verdict: Verdict) -> int:
    """Return the width of the later training; a step up along one axis stays at the base's."""
    return target_size(material.spec).width if verdict.carried is None else verdict.target_width


def _reuse(material: Material, verdict: Verdict, words: Words) -> Iterator[str]:
    size = words.size(_target_width(material, verdict))
    advice = None if verdict.outlook is None else verdict.outlook.recommendation.lr
    rate = advice if advice is not None else verdict.reused_lr
    if rate is None:
        yield words.say("report.approve.search", size=size)
    else:
        yield words.say("report.approve.reuse", size=size, lr=words.numbers.figure(rate))
    yield from _pilot(verdict, words)
    if verdict.outcome is Outcome.SHARPNESS_DRIFTS:
        yield words.say("report.approve.watch")
    yield words.say("report.approve.production")


def _search(material: Material, verdict: Verdict, words: Words) -> Iterator[str]:
    sweep = None if verdict.outlook is None else verdict.outlook.recommendation.narrow_sweep
    size = words.size(_target_width(material, verdict))
    if sweep is None:
        yield words.say("report.approve.search", size=size)
    else:
        yield words.say(
            "report.approve.search_takes",
            size=size,
            count=words.numbers.whole(len(sweep.lrs)),
            runs=words.numbers.whole(sweep.num_runs),
            time="–" if sweep.seconds is None else words.about(sweep.seconds),
        )
    yield words.say("report.approve.pilot_after_search")
    yield words.say("report.approve.production")


def _tune(material: Material, verdict: Verdict, words: Words) -> Iterator[str]:
    del verdict
    direct, assumed = material.savings.direct, material.savings.assumptions
    yield words.say("report.approve.not_reuse")
    yield words.say(
        "report.approve.tune",
        size=words.size(assumed.target_width),
        runs=words.numbers.whole(assumed.num_lrs * assumed.num_seeds),
        time=words.numbers.hours(direct.device_hours),
        staff=words.numbers.hours(direct.staff_hours),
    )
    yield words.say("report.approve.report_again")


def _find_out(material: Material, verdict: Verdict, words: Words) -> Iterator[str]:
    for what in _missing(verdict, words)[:MOST_MISSING]:
        yield words.say("report.approve.find_out", what=what)
    safe = next_steps.safe_way(verdict, words) if answer.is_founded(verdict) else None
    if safe is not None:
        yield words.say("report.approve.meanwhile", what=safe)
    yield words.say(
        "report.approve.no_production" if material.state == "completed" else "report.approve.run_again"
    )


def _missing(verdict: Verdict, words: Words) -> list[str]:
    """Return what would decide the answer: the seeds that are expected to, else what the reasons name."""
    can_settle = verdict.open is not None and verdict.open.can_settle
    settled_by = next_steps.settles(verdict, words) if can_settle else None
    named = [words.reason(why) for why in verdict.reasons if why.code not in NOT_MISSING]
    found = [settled_by] if settled_by else named
    return found or [next_steps.next_words(verdict, words)]


def _pilot(verdict: Verdict, words: Words) -> Iterator[str]:
    step = next_steps.step_named(verdict, RolloutStepName.PILOT)
    if step is not None and step.checks:
        yield words.say("report.approve.pilot", what=words.reason(step.checks[0]))
    else:
        yield words.say("report.approve.pilot_plain")
