"""Text of an answer for a terminal, from the catalogue of texts."""

from __future__ import annotations

from collections.abc import Iterator

from muscope.backend.analysis.reasons import percent, rounded
from muscope.backend.catalogue import catalogue, text
from muscope.backend.domain.verdict.statement import Reason
from muscope.backend.sweeps.answers.answer import (
    ArmAnswer,
    AxisAnswer,
    NextRun,
    SweepAnswer,
    SweepComparison,
    SweepMeasures,
    SweepUnit,
)
from muscope.backend.sweeps.answers.pool import level_text

# Comparisons of an axis that are all shown; of more only those that decide.
_MOST_SHOWN = 6
_MOST_RUNS = 4


def sentences(answer: SweepAnswer, language: str) -> list[str]:
    """Return the answer as lines of text."""
    return [
        text(f"sweep.headline.{answer.outcome}", language),
        *_judged(answer, language),
        *(line for arm in answer.arms for line in _of_arm(arm, language)),
        *_runs(answer, language),
        *_notes(answer, language),
    ]


def _judged(answer: SweepAnswer, language: str) -> Iterator[str]:
    if len(answer.arms) > 1:
        yield text("sweep.text.judged", language, arm=_arm_name(answer.judged_arm))
    if any(axis.is_provisional for arm in answer.arms for axis in arm.axes):
        yield text("sweep.text.provisional", language, seeds=answer.thresholds.full_seeds)


def _arm_name(arm: dict[str, str]) -> str:
    return " / ".join(arm.values())


def _of_arm(arm: ArmAnswer, language: str) -> Iterator[str]:
    if arm.arm:
        yield ""
        yield _arm_name(arm.arm)
    for axis in arm.axes:
        yield ""
        yield from _of_axis(axis, language)
    for reason in arm.reasons:
        yield f"  {note(reason, language)}"
    noise = "" if arm.noise is None else rounded(arm.noise)
    yield "  " + text(f"sweep.noise.{arm.noise_source}", language, noise=noise)


def _of_axis(axis: AxisAnswer, language: str) -> Iterator[str]:
    outcome = text(f"sweep.outcome.{axis.outcome}", language)
    yield "  " + text("sweep.text.axis", language, axis=axis_name(axis.axis, language), outcome=outcome)
    if axis.held:
        yield "    " + text("sweep.text.held", language, names=_axis_names(axis.held, language))
    if axis.slope:
        yield "    " + text("sweep.text.slope", language, octaves=f"{axis.slope:+.2f}")
    for reason in axis.reasons:
        yield "    " + note(reason, language)
    shown = (
        [c for c in axis.comparisons if c.is_target]
        if len(axis.comparisons) > _MOST_SHOWN
        else axis.comparisons
    )
    for comparison in shown:
        yield from _of_comparison(comparison, language)


def axis_name(axis: str, language: str) -> str:
    """Return the name of an axis; a condition is called as its column is."""
    return catalogue(language).get(f"sweep.axis.{axis}", axis)


def _axis_names(names: tuple[str, ...], language: str) -> str:
    return text("sweep.text.comma", language).join(axis_name(name, language) for name in names)


def _of_comparison(said: SweepComparison, language: str) -> Iterator[str]:
    yield "    " + text(
        "sweep.text.pair",
        language,
        base=level_text(said.base),
        target=level_text(said.target),
        outcome=text(f"sweep.outcome.{said.outcome}", language),
        rule=text(f"sweep.rule.{said.rule}", language),
    )
    numbers = list(_numbers(said.measures, language))
    if numbers:
        yield "      " + text("sweep.text.semicolon", language).join(numbers)
    if said.num_strata > 1:
        yield "      " + text("sweep.text.strata", language, count=said.num_strata, open=said.num_open)
    for reason in said.reasons:
        yield "      " + note(reason, language)


def _numbers(measures: SweepMeasures, language: str) -> Iterator[str]:
    if measures.base_lr is not None:
        best = measures.base_lr if measures.shift == 0.0 else measures.best_lr
        yield text(
            "sweep.number.lrs",
            language,
            reused=rounded(measures.base_lr),
            best="–" if best is None else rounded(best),
        )
    if measures.shift is not None:
        yield text(
            "sweep.number.shift", language, octaves=f"{measures.shift:+.2g}" if measures.shift else "0"
        )
    if measures.cost.value is not None:
        key = "sweep.number.cost_at_least" if measures.is_lower_bound else "sweep.number.cost"
        yield text(key, language, cost=rounded(measures.cost.value))
    if measures.benefit_lost.value is not None:
        yield text("sweep.number.benefit", language, percent=percent(measures.benefit_lost.value))
    if measures.extra_compute.value is not None:
        yield text("sweep.number.compute", language, percent=percent(measures.extra_compute.value))
    if measures.improvement_lost.value is not None:
        yield text("sweep.number.improvement", language, percent=percent(measures.improvement_lost.value))
    if measures.limit is not None and measures.unit is not SweepUnit.LOSS:
        yield text(
            "sweep.number.limit",
            language,
            percent=percent(measures.limit),
            unit=text(f"sweep.unit.{measures.unit}", language),
        )
    if measures.margin is not None:
        yield text("sweep.number.margin", language, octaves=rounded(measures.margin))


def note(reason: Reason, language: str) -> str:
    """Return the sentence of a reason."""
    params = dict(reason.params)
    if isinstance(params.get("axis"), str):
        params["axis"] = axis_name(str(params["axis"]), language)
    return text(f"sweep.note.{reason.code}", language, **params)


def _runs(answer: SweepAnswer, language: str) -> Iterator[str]:
    for settles, key in ((True, "sweep.text.settle"), (False, "sweep.text.confirm")):
        runs = [run for run in judged_runs(answer) if run.settles is settles][:_MOST_RUNS]
        if runs:
            yield ""
            yield text(key, language)
            yield from (f"  {_of_run(run, language)}" for run in runs)


def judged_runs(answer: SweepAnswer) -> list[NextRun]:
    """Return the next runs of all arms, the judged one's first."""
    arms = sorted(answer.arms, key=lambda arm: arm.arm != answer.judged_arm)
    return [run for arm in arms for axis in arm.axes for run in axis.next_runs]


def _of_run(run: NextRun, language: str) -> str:
    levels = ", ".join(
        f"{axis_name(name, language)} {level_text(level)}" for name, level in run.levels.items()
    )
    return text(
        "sweep.text.run",
        language,
        levels=" · ".join(filter(None, (_arm_name(run.arm), levels))),
        lr=rounded(run.lr),
        seeds=run.num_seeds,
        purpose=text(f"sweep.purpose.{run.purpose}", language),
    )


def _notes(answer: SweepAnswer, language: str) -> Iterator[str]:
    yield ""
    for reason in answer.notes:
        yield note(reason, language)
    if answer.law is not None:
        law = answer.law
        yield text("sweep.text.law", language, irreducible=law.irreducible, exponent=law.exponent)
