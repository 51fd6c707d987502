"""Judgement of a sweep: every arm on every axis that was varied.

The cost of one size is compared with that of another under the same conditions (`strata`, `pair`), decided by
the rules of the verdict (`decide`), and put together over conditions (`pool`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from muscope.backend.analysis.reasons import reason
from muscope.backend.analysis.verdict.rules import SEVERITY
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.statement import Outcome, Reason
from muscope.backend.errors import InvalidInput
from muscope.backend.sweeps.answers.answer import ArmAnswer, SweepAnswer
from muscope.backend.sweeps.answers.axis import judge_axis
from muscope.backend.sweeps.answers.costing import Yardstick
from muscope.backend.sweeps.answers.strata import Columns, axes_of, varied
from muscope.backend.sweeps.measures.curves import Curve, curves_of
from muscope.backend.sweeps.measures.law import LANGUAGE_LAW, ScalingLaw
from muscope.backend.sweeps.measures.noise import noise_of
from muscope.backend.sweeps.reading.rows import Rows

EXIT_CODES = {
    Outcome.TRANSFERS: 0,
    Outcome.SHARPNESS_DRIFTS: 10,
    Outcome.FINE_TUNE: 20,
    Outcome.DOES_NOT_TRANSFER: 30,
    Outcome.INCONCLUSIVE: 40,
}
DEFAULT_LIMITS = Thresholds()
_OPEN = Outcome.INCONCLUSIVE
# Curves from which on losses whose best values lie at the ends only are taken for accuracies.
_LEAST_CURVES = 2


def judge_sweep(
    rows: Rows,
    *,
    law: ScalingLaw | None = LANGUAGE_LAW,
    limits: Thresholds = DEFAULT_LIMITS,
    initial_loss: float | None = None,
    arm: str | None = None,
    axis: str | None = None,
) -> SweepAnswer:
    """Return the answer to a sweep.

    Args:
        law: turns differences of losses into compute; None leaves compute out.
        initial_loss: loss at init, in place of the table's own; it adds M2.
        arm: the arm that decides; None: the one under µP, the only one, or the worst.
        axis: the only axis that is judged.

    Raises InvalidInput for losses that look like accuracies, an unknown arm or axis, and a table in which
    nothing was varied.
    """
    by = Yardstick(limits, law, rows.initial_loss if initial_loss is None else initial_loss, rows.metric)
    columns = columns_of(rows)
    by_arm = curves_by_arm(rows)
    _refuse_accuracies(by_arm.values(), rows.metric)
    arms = [
        _judge_arm(dict(zip(rows.arm_names, key, strict=True)), curves, columns, by, axis)
        for key, curves in by_arm.items()
    ]
    if not any(each.axes for each in arms):
        known = ", ".join(columns.names)
        raise (
            InvalidInput("sweep.unknown_axis", given=axis, known=known)
            if axis
            else InvalidInput("sweep.nothing_varied", known=known)
        )
    chosen = _judged_arm(arms, arm)
    return SweepAnswer(
        outcome=chosen.outcome,
        exit_code=EXIT_CODES[chosen.outcome],
        judged_arm=chosen.arm,
        arms=tuple(arms),
        metric=rows.metric,
        law=law if rows.metric == "loss" else None,
        thresholds=limits,
        num_rows=len(rows.runs),
        notes=(*rows.notes, *_lacking(rows)),
    )


def columns_of(rows: Rows) -> Columns:
    """Return the columns of rows that may vary."""
    return Columns(rows.axes, rows.shape, rows.conditions)


def curves_by_arm(rows: Rows) -> dict[tuple[str, ...], list[Curve]]:
    """Return the curves of every arm, as they were measured."""
    names = columns_of(rows).names
    keys = dict.fromkeys(run.arm for run in rows.runs)
    return {key: curves_of((run for run in rows.runs if run.arm == key), names) for key in keys}


def _refuse_accuracies(arms: object, metric: str) -> None:
    """Raise where every curve is best at its ends and worst within, as what grows with quality is."""
    curves = [c for arm in arms for c in arm if c.has_losses and np.isfinite(c.survivors).sum() >= 4]  # type: ignore[attr-defined]
    if metric != "loss" or len(curves) < _LEAST_CURVES:
        return
    for curve in curves:
        losses = curve.survivors[np.isfinite(curve.survivors)]
        is_inverted = 0 < int(losses.argmax()) < len(losses) - 1 and int(losses.argmin()) in (
            0,
            len(losses) - 1,
        )
        if not is_inverted or losses.max() > 100.0:
            return
    raise InvalidInput("sweep.looks_like_accuracy")


def _lacking(rows: Rows) -> tuple[Reason, ...]:
    """Return what the whole table does not say."""
    notes = []
    if not {"steps", "tokens"} & set(rows.axes):
        notes.append(reason("length_unknown"))
    return tuple(notes)


def _judged_arm(arms: Sequence[ArmAnswer], wanted: str | None) -> ArmAnswer:
    if wanted is not None:
        found = [
            each for each in arms if wanted in each.arm.values() or wanted == "/".join(each.arm.values())
        ]
        if not found:
            known = ", ".join("/".join(each.arm.values()) for each in arms)
            raise InvalidInput("sweep.unknown_arm", given=wanted, known=known)
        return found[0]
    answered = [each for each in arms if each.axes]
    ours = [each for each in answered if _is_mup(each.arm.get("parametrization", ""))]
    return max(ours or answered, key=lambda each: SEVERITY[each.outcome])


def _is_mup(name: str) -> bool:
    plain = name.strip().lower().replace("µ", "u").replace("μ", "u")
    return plain.startswith(("mup", "mu-p", "mu_p", "up", "completep", "u-mup"))


def _judge_arm(
    arm: dict[str, str], curves: list[Curve], columns: Columns, by: Yardstick, only: str | None
) -> ArmAnswer:
    noise = noise_of(curves)
    curves = [curve.smoothed(noise.sigma) for curve in curves]
    axes = [
        *axes_of(curves, columns),
        *(name for name in columns.conditions if name in varied(curves, columns.names)),
    ]
    found = [
        answer
        for axis in axes
        if only in (None, axis) and (answer := judge_axis(arm, curves, axis, columns, noise, by)) is not None
    ]
    ordered = [each for each in found if each.is_ordered and each.comparisons]
    worst = max(
        ordered or [each for each in found if each.comparisons],
        key=lambda each: SEVERITY[each.outcome],
        default=None,
    )
    reasons = () if found else (reason("nothing_to_compare"),)
    return ArmAnswer(
        arm=arm,
        outcome=_OPEN if worst is None else worst.outcome,
        noise_source=noise.source,
        noise=None if math.isnan(noise.sigma) else noise.sigma,
        axes=tuple(found),
        num_runs=sum(len(losses) for curve in curves for losses in curve.replicates),
        reasons=reasons,
    )
