"""Judgement of one arm: an axis by its target size, the arm by its worst axis (docs/science.md §6.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from muscope.backend.analysis.measures.carried_rate import carried_index
from muscope.backend.analysis.measures.coordinate_check import check_coordinates, check_reasons
from muscope.backend.analysis.measures.larger_is_better import num_inversions
from muscope.backend.analysis.measures.transfer import lr_slope
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.analysis.verdict.findings import Finding
from muscope.backend.analysis.verdict.missing_runs import adding_takes
from muscope.backend.analysis.verdict.one_size import JudgedSize, judge_base_alone, judge_size
from muscope.backend.analysis.verdict.preconditions import (
    Terms,
    grid_lacks,
    sizes_not_run,
    unmet_preconditions,
)
from muscope.backend.analysis.verdict.rules import SEVERITY
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.domain.verdict.verdict import (
    ArmVerdict,
    AxisVerdict,
    CheckState,
    CoordinateCheck,
    Estimate,
    Outcome,
    Reason,
    SizeStatistics,
)


@dataclass(frozen=True)
class _SweepVerdict:
    """Judgement of one axis of an arm."""

    finding: Finding
    sizes: tuple[SizeStatistics, ...]
    worst: Size | None
    axis: Axis
    base_lr: float | None
    base_lr_index: int | None
    slope: Estimate
    num_inversions: int | None
    check: CoordinateCheck | None


def judge_arm(parametrization: Parametrization, sweeps: Sequence[Sweep], terms: Terms) -> ArmVerdict:
    """Judge one arm; the worst axis decides.

    Args:
        sweeps: one per axis; one without larger sizes is left out where another axis has some.
    """
    claimed = [sweep for sweep in sweeps if sweep.larger] or sweeps[:1]
    judged = [_judge_sweep(parametrization, sweep, terms) for sweep in claimed]
    worst = max(judged, key=lambda each: SEVERITY[each.finding.outcome])
    return ArmVerdict(
        parametrization=parametrization,
        outcome=worst.finding.outcome,
        rule=worst.finding.rule,
        reasons=_unique(worst.finding.reasons),
        base_lr=worst.base_lr,
        base_lr_index=worst.base_lr_index,
        worst_width=None if worst.worst is None else worst.worst.width,
        worst_depth=None if worst.worst is None else worst.worst.depth,
        limiting_axis=None if worst.worst is None else worst.axis,
        lr_slope=worst.slope,
        sizes=tuple(size for each in judged for size in each.sizes),
        axes=tuple(_axis_verdict(each) for each in judged),
        coordinate_checks=tuple(each.check for each in judged if each.check is not None),
    )


def _axis_verdict(judged: _SweepVerdict) -> AxisVerdict:
    return AxisVerdict(
        axis=judged.axis,
        outcome=judged.finding.outcome,
        rule=judged.finding.rule,
        reasons=_unique(judged.finding.reasons),
        worst_width=None if judged.worst is None else judged.worst.width,
        worst_depth=None if judged.worst is None else judged.worst.depth,
        lr_slope=judged.slope,
        sizes=tuple((size.width, size.depth) for size in judged.sizes),
        num_inversions=judged.num_inversions,
    )


def _unique(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    return tuple(why for index, why in enumerate(reasons) if why not in reasons[:index])


def _judge_sweep(parametrization: Parametrization, sweep: Sweep, terms: Terms) -> _SweepVerdict:
    thresholds, loss = terms.thresholds, sweep.deciding_loss
    lr_index = None if loss is None else carried_index(sweep, loss, thresholds)
    slope = lr_slope(sweep, loss, thresholds.level) if loss is not None else Estimate()
    sizes = [judge_size(sweep, size_index, lr_index, thresholds) for size_index in sweep.planned]
    is_checked = sweep.axis is Axis.WIDTH
    check = check_coordinates(sweep, parametrization, lr_index, thresholds) if is_checked else None
    finding, worst = _decide(sweep, sizes, check, terms)
    if finding.outcome is Outcome.INCONCLUSIVE and not terms.is_interim:
        price = adding_takes(finding.reasons, sweep, terms.run_seconds)
        finding = finding._replace(reasons=(*finding.reasons, *price))
    if check is not None and check.state is CheckState.WATCH:
        finding = finding._replace(reasons=(*finding.reasons, *check_reasons(check)))
    return _SweepVerdict(
        finding=finding,
        sizes=tuple(size.statistics for size in sizes),
        worst=worst,
        axis=sweep.axis,
        base_lr=None if lr_index is None else sweep.lrs[lr_index],
        base_lr_index=None if lr_index is None else sweep.lr_indices[lr_index],
        slope=slope,
        num_inversions=None if lr_index is None or loss is None else num_inversions(sweep, loss, lr_index),
        check=check,
    )


def _decide(
    sweep: Sweep, sizes: list[JudgedSize], check: CoordinateCheck | None, terms: Terms
) -> tuple[Finding, Size | None]:
    """Apply the preconditions, then the rules of the worst size, then the requirements of a claim."""
    not_run = sizes_not_run(sweep, terms)
    lacking = (*not_run, *grid_lacks(sweep, terms))
    gates = unmet_preconditions(sweep, check, terms)
    if gates:
        reasons = tuple(why for gate in gates for why in gate.reasons)
        return Finding(Outcome.INCONCLUSIVE, gates[0].rule, (*reasons, *lacking)), None
    if not sizes:
        finding = judge_base_alone(sweep, terms.thresholds)
        if finding is None:
            return Finding(Outcome.INCONCLUSIVE, "sizes_not_run", lacking), None
        return finding._replace(reasons=(*finding.reasons, *lacking)), None
    deciding = _deciding_sizes(sizes)
    worst = max(deciding, key=lambda judged: (SEVERITY[judged.finding.outcome], judged.size))
    finding, size = worst.finding, worst.size
    if not lacking or finding.outcome is Outcome.DOES_NOT_TRANSFER:
        return finding, size
    if finding.outcome is Outcome.INCONCLUSIVE:
        return finding._replace(reasons=(*finding.reasons, *lacking)), size
    return Finding(Outcome.INCONCLUSIVE, "sizes_not_run" if not_run else "grid_too_small", lacking), None


def _deciding_sizes(sizes: list[JudgedSize]) -> list[JudgedSize]:
    """Return the target, the largest size, and smaller ones that are proven to fail."""
    failing = [judged for judged in sizes[:-1] if judged.finding.outcome is Outcome.DOES_NOT_TRANSFER]
    return [*failing, sizes[-1]]
