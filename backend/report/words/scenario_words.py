"""Scenarios side by side in words (`frontend/js/verdict/scenarios.js`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.size import Axis
from muscope.backend.domain.verdict.overall import OverallVerdict, ScenarioAnswer
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.report.words.numbers import NONE
from muscope.backend.report.words.say import Words
from muscope.backend.report.words.three_numbers import estimate_text


def overall_text(overall: OverallVerdict, task: Task, words: Words) -> str:
    """Return where the answer holds and where it breaks, as one sentence."""
    return words.say("ui.scenarios.join").join(_parts(overall, task, words))


def _parts(overall: OverallVerdict, task: Task, words: Words) -> Iterator[str]:
    holds = overall.holds_under
    if len(holds) == len(overall.scenarios):
        yield words.say("ui.scenarios.holds_everywhere")
    elif holds:
        yield words.say(
            "ui.scenarios.holds", scenarios=_joined([words.scenario(each, task) for each in holds], words)
        )
    for outcome in (Outcome.DOES_NOT_TRANSFER, Outcome.FINE_TUNE):
        broken = [each for each in overall.scenarios if each.outcome is outcome]
        if broken:
            named = [
                words.say(
                    "ui.scenarios.at", scenario=words.scenario(each.scenario, task), size=size_of(each, words)
                )
                for each in broken
            ]
            yield words.say(f"ui.scenarios.breaks.{outcome}", scenarios=_joined(named, words))
    open_ones = [each.scenario for each in overall.scenarios if each.outcome is Outcome.INCONCLUSIVE]
    if open_ones:
        key = "ui.scenarios.pending" if overall.is_interim else "ui.scenarios.open"
        yield words.say(key, scenarios=_joined([words.scenario(each, task) for each in open_ones], words))


def _joined(parts: Sequence[str], words: Words) -> str:
    return words.say("ui.scenarios.and").join(parts)


def scenario_heads(words: Words) -> tuple[str, ...]:
    """Return the heads of the table of scenarios."""
    return tuple(
        words.say(f"ui.scenarios.head.{name}") for name in ("scenario", "answer", "size", "lr", "regret")
    )


def scenario_rows(overall: OverallVerdict, task: Task, words: Words) -> tuple[tuple[str, ...], ...]:
    """Return one row per scenario; the one that decides says so."""
    return tuple(_row(each, overall, task, words) for each in overall.scenarios)


def _row(answer: ScenarioAnswer, overall: OverallVerdict, task: Task, words: Words) -> tuple[str, ...]:
    name = words.scenario(answer.scenario, task)
    decides = len(overall.scenarios) > 1 and answer.scenario == overall.scenario
    mark = words.say("report.scenario.decides", name=name) if decides else name
    return (
        mark,
        words.say(f"ui.outcome.short.{answer.outcome}"),
        size_of(answer, words),
        words.numbers.figure(answer.base_lr),
        estimate_text(answer.transfer_regret, words.numbers.percent),
    )


def size_of(answer: ScenarioAnswer, words: Words) -> str:
    """Return the size that decided, or that is the largest."""
    if answer.width is None:
        return NONE
    return words.size(answer.width, None if answer.axis is Axis.WIDTH else answer.depth)
