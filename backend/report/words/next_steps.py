"""The next step in words: the rate to use, a narrow search, the safe way, what would settle an answer.

The verdict card says the same (`frontend/js/verdict/verdict_next.js`, `verdict_open.js`).
"""

from __future__ import annotations

from collections.abc import Iterator

from muscope.backend.analysis.advice.instruction import instruction_of
from muscope.backend.domain.verdict.outlook import Basis, RolloutStep, RolloutStepName, RolloutStepState
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.backend.report.words.answer import headline
from muscope.backend.report.words.say import Words

# Half to twice the reused rate: the usual search where none was planned.
SEARCH_FACTOR = 2.0


def instruction(verdict: Verdict, words: Words) -> str:
    """Return the learning rate to use, or those to try; empty where none is advised."""
    lr, search_lrs = instruction_of(verdict)
    if search_lrs:
        count = words.numbers.whole(len(search_lrs))
        return words.say("ui.next.try", lrs=words.rates(search_lrs), count=count)
    return "" if lr is None else words.say("ui.verdict.use", lr=words.numbers.figure(lr))


def next_words(verdict: Verdict, words: Words) -> str:
    """Return the next step as one sentence."""
    if verdict.is_interim:
        return words.say("ui.verdict.next_interim")
    if instruction_of(verdict)[1]:  # a search that is spelled out is the one instruction
        return instruction(verdict, words)
    return headline(verdict, "next", words)


def target_facts(verdict: Verdict, words: Words) -> Iterator[tuple[str, str]]:
    """Yield the facts on the target: size, range of its best rate, safe rates, how often such advice held."""
    if verdict.outlook is None:
        return
    advice, numbers = verdict.outlook.recommendation, words.numbers
    is_far = verdict.outlook.extrapolation.claim is Basis.EXTRAPOLATED
    far = words.say("ui.next.is_extrapolated") if is_far else ""
    yield words.say("ui.next.target"), words.noted(words.size(advice.target.width), far)
    if advice.lr_interval is not None:
        low, high = numbers.figure(advice.lr_interval.low), numbers.figure(advice.lr_interval.high)
        level = words.say("ui.next.level", percent=numbers.percent(advice.lr_interval.level))
        yield (
            words.say("ui.next.interval"),
            words.noted(words.say("ui.number.range", low=low, high=high), level),
        )
    if advice.safe_range is not None:
        safe = advice.safe_range
        rate = numbers.figure(safe.lr_diverged if safe.lr_diverged is not None else safe.lr_high)
        border = (
            words.say("ui.next.border.seen", lr=rate)
            if safe.is_border_seen
            else words.say("ui.next.border.unseen")
        )
        reach = words.say("ui.number.up_to", value=numbers.figure(safe.lr_high))
        yield words.say("ui.next.safe"), words.noted(reach, border)
    reliability = verdict.outlook.reliability
    if verdict.open is None and reliability.chance is not None:
        interval = reliability.interval
        ends = "" if interval is None else words.say(
            "ui.next.chance_range", low=numbers.percent(interval.low), high=numbers.percent(interval.high)
        )  # fmt: skip
        yield words.say("ui.next.chance"), words.noted(numbers.percent(reliability.chance), ends)


def safe_way(verdict: Verdict, words: Words) -> str | None:
    """Return what is safe while the answer is open: the search that is advised, else the usual one."""
    rate, numbers = verdict.reused_lr, words.numbers
    sweep = None if verdict.outlook is None else verdict.outlook.recommendation.narrow_sweep
    if sweep is not None:
        time = "–" if sweep.seconds is None else words.about(sweep.seconds)
        lrs, runs = words.rates(sweep.lrs), numbers.whole(sweep.num_runs)
        return words.say("ui.open.safe.sweep", lrs=lrs, runs=runs, time=time)
    if rate is None:
        return None
    low, high = numbers.figure(rate / SEARCH_FACTOR), numbers.figure(rate * SEARCH_FACTOR)
    return words.say("ui.open.safe.range", low=low, high=high)


def settles(verdict: Verdict, words: Words) -> str | None:
    """Return what would settle an open answer; None where the answer is not open."""
    open_answer, deciding = verdict.open, verdict.deciding
    if open_answer is None:
        return None
    if verdict.rule == "unresolved" and not open_answer.can_settle:
        return words.say("ui.open.settles.limit")
    if not open_answer.can_settle or deciding is None:
        return words.say("ui.open.settles.missing")
    size = words.size(deciding.width, deciding.depth)
    if open_answer.more_seeds is None:
        return words.say("ui.open.settles.many", size=size)
    return words.say("ui.open.settles.seeds", size=size, count=words.numbers.whole(open_answer.more_seeds))


def steps_of(verdict: Verdict) -> tuple[RolloutStep, ...]:
    """Return the steps of the roll-out; none under rules without an outlook."""
    return () if verdict.outlook is None else verdict.outlook.recommendation.gates


def step_named(verdict: Verdict, name: RolloutStepName) -> RolloutStep | None:
    """Return one step of the roll-out."""
    return next((step for step in steps_of(verdict) if step.name is name), None)


def next_step(verdict: Verdict) -> RolloutStep | None:
    """Return the step to take next; None where the roll-out has stopped or there is none."""
    return next((step for step in steps_of(verdict) if step.state is RolloutStepState.NEXT), None)
