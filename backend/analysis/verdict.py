"""From sweeps to the verdict: which gates hold, which size decides, what the control says (science.md §6).

Choices for the open points of science.md §11 (docs/decisions/0011): the reused LR is the base's best grid
point, vertices serve the shift only; intervals are Student-t on values paired by seed; each loss is judged at
the LR tuned on it, and the LR a user takes along is the one tuned on the validation loss; fixtures with one
seed stay inconclusive; M7 blocks where it was measured and fails, and is said to be missing where it was not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.analysis.coordinate_check import check_coordinates, check_not_claimed, check_reasons
from backend.analysis.reasons import reason, rounded
from backend.analysis.rules import SEVERITY, Finding
from backend.analysis.sizes import TUNED_ON, JudgedSize, judge_size
from backend.analysis.sweep import Sweep
from backend.analysis.transfer import lr_slope, optima
from backend.domain.experiment import ExperimentSpec, base_size, chosen_arm, control_for
from backend.domain.parametrization import Parametrization
from backend.domain.scenario import Scenario
from backend.domain.size import Axis, Size
from backend.domain.thresholds import Thresholds
from backend.domain.verdict import (
    ArmVerdict,
    CheckState,
    CoordinateCheck,
    Estimate,
    Outcome,
    Ranges,
    Reason,
    SizeStatistics,
    Verdict,
)

DEFAULT_THRESHOLDS = Thresholds()


@dataclass(frozen=True)
class _SweepVerdict:
    """One axis of an arm, judged."""

    finding: Finding
    sizes: tuple[SizeStatistics, ...]
    worst: Size | None
    axis: Axis
    base_lr: float | None
    base_lr_index: int | None
    slope: Estimate
    check: CoordinateCheck | None


def judge(
    spec: ExperimentSpec,
    scenario: Scenario,
    sweeps: Mapping[Parametrization, Sequence[Sweep]],
    *,
    is_interim: bool,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Verdict:
    """Judge one scenario of an experiment; never fails for want of results.

    Args:
        sweeps: of every arm, one per axis.
        is_interim: cells are still open, so that what is missing may yet come.
    """
    chosen = chosen_arm(spec)
    control_name = control_for(spec.loss, spec.optimizer)
    arms = {name: judge_arm(name, of_arm, is_interim, thresholds) for name, of_arm in sweeps.items()}
    arm = arms[chosen]
    control = arms.get(control_name) if control_name is not chosen else None
    return Verdict(
        scenario=scenario,
        outcome=arm.outcome,
        rule=arm.rule,
        reasons=(*arm.reasons, *_qualifications(spec, control, thresholds)),
        is_provisional=thresholds.min_seeds <= len(spec.seeds) < thresholds.full_seeds,
        is_interim=is_interim,
        arm=arm,
        control=control,
        can_discriminate=_can_discriminate(control),
        base_width=base_size(spec).width,
        target_width=max(spec.widths),
        ranges=_ranges(spec.under(scenario), arm, thresholds),
        thresholds=thresholds,
        spec_sha256=spec.sha256(),
    )


def judge_arm(
    parametrization: Parametrization, sweeps: Sequence[Sweep], is_interim: bool, thresholds: Thresholds
) -> ArmVerdict:
    """Judge one arm; the worst axis decides."""
    judged = [_judge_sweep(parametrization, sweep, is_interim, thresholds) for sweep in sweeps]
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
        coordinate_checks=tuple(each.check for each in judged if each.check is not None),
    )


def _unique(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    return tuple(why for place, why in enumerate(reasons) if why not in reasons[:place])


def _judge_sweep(
    parametrization: Parametrization, sweep: Sweep, is_interim: bool, thresholds: Thresholds
) -> _SweepVerdict:
    tuned = next((loss for loss in TUNED_ON if loss in sweep.losses), None)
    base = optima(sweep, tuned)[sweep.base_index] if tuned is not None else None
    slope = lr_slope(sweep, tuned, thresholds.level) if tuned is not None else Estimate()
    lr_index = None if base is None else base.index
    sizes = [judge_size(sweep, width_index, lr_index, thresholds) for width_index in sweep.larger]
    is_checked = sweep.axis is Axis.WIDTH
    check = check_coordinates(sweep, parametrization, lr_index, thresholds) if is_checked else None
    finding, worst = _decide(sweep, sizes, check, is_interim, thresholds)
    if check is not None and check.state is CheckState.WATCH:
        finding = finding._replace(reasons=(*finding.reasons, *check_reasons(check)))
    if finding.outcome is Outcome.FINE_TUNE and lr_index is not None:
        finding = finding._replace(reasons=(*finding.reasons, _narrow_search(sweep, lr_index, slope)))
    return _SweepVerdict(
        finding=finding,
        sizes=tuple(size.statistics for size in sizes),
        worst=worst,
        axis=sweep.axis,
        base_lr=None if lr_index is None else sweep.lrs[lr_index],
        base_lr_index=None if lr_index is None else sweep.lr_indices[lr_index],
        slope=slope,
        check=check,
    )


def _decide(
    sweep: Sweep,
    sizes: list[JudgedSize],
    check: CoordinateCheck | None,
    is_interim: bool,
    thresholds: Thresholds,
) -> tuple[Finding, Size | None]:
    """Apply what must hold before anything is judged, then the worst size, then what the grid must be."""
    lacking = _grid_lacks(sweep, thresholds)
    gates = _gates(sweep, check, is_interim, thresholds)
    if gates:
        reasons = tuple(why for _, of_gate in gates for why in of_gate)
        return Finding(Outcome.INCONCLUSIVE, gates[0][0], (*reasons, *lacking)), None
    worst = max(sizes, key=lambda judged: (SEVERITY[judged.finding.outcome], judged.size))
    finding, size = worst.finding, worst.size
    if not lacking or finding.outcome is Outcome.DOES_NOT_TRANSFER:
        return finding, size
    if finding.outcome is Outcome.INCONCLUSIVE:
        return finding._replace(reasons=(*finding.reasons, *lacking)), size
    return Finding(Outcome.INCONCLUSIVE, "grid_too_small", lacking), None


def _gates(
    sweep: Sweep, check: CoordinateCheck | None, is_interim: bool, thresholds: Thresholds
) -> list[tuple[str, tuple[Reason, ...]]]:
    """List the rules that forbid any judgement, each with what is missing and what to add."""
    gates: list[tuple[str, tuple[Reason, ...]]] = []
    seeds, needed = sweep.num_seeds, thresholds.min_seeds
    if seeds < needed:
        why = reason("too_few_seeds", given=seeds, needed=needed, add=needed - seeds)
        gates.append(("too_few_seeds", (why,)))
    if not sweep.larger and sweep.axis is Axis.WIDTH:
        gates.append(("one_width", (reason("one_width", width=sweep.widths[sweep.base_index]),)))
    missing = _missing(sweep, is_interim)
    if missing:
        gates.append(("runs_pending" if is_interim else "missing_runs", missing))
    if check is not None and check.state is CheckState.FAILED:
        gates.append(("coordinate_check", check_reasons(check)))
    return gates


def _missing(sweep: Sweep, is_interim: bool) -> tuple[Reason, ...]:
    counts = {size.width: sweep.num_missing(i) for i, size in enumerate(sweep.sizes)}
    planned = len(sweep.lrs) * sweep.num_seeds
    if is_interim:
        total = sum(counts.values())
        of_all = planned * len(counts)
        return (reason("runs_pending", missing=total, planned=of_all),) if total else ()
    return tuple(
        reason("missing_runs", width=width, missing=count, planned=planned)
        for width, count in counts.items()
        if count
    )


def _grid_lacks(sweep: Sweep, thresholds: Thresholds) -> tuple[Reason, ...]:
    """Name what the grid lacks for a claim over sizes."""
    smallest, lacking = sweep.base.width, []
    if sweep.axis is not Axis.WIDTH:
        return ()
    num_widths = 1 + len(sweep.larger)
    if num_widths < thresholds.min_widths:
        lacking.append(reason("too_few_widths", given=num_widths, needed=thresholds.min_widths))
    if max(sweep.widths) < thresholds.min_width_span * smallest:
        needed = round(thresholds.min_width_span * smallest)
        lacking.append(reason("span_too_small", base_width=smallest, width=max(sweep.widths), needed=needed))
    if len(sweep.lrs) < thresholds.min_lrs:
        lacking.append(reason("too_few_lrs", given=len(sweep.lrs), needed=thresholds.min_lrs))
    return tuple(lacking)


def _narrow_search(sweep: Sweep, lr_index: int, slope: Estimate) -> Reason:
    """Recommend one octave around the base's LR, and the LR the slope points to at the widest."""
    lr = sweep.lrs[lr_index]
    doublings = float(sweep.log2_extents[-1] - sweep.log2_extents[sweep.base_index])
    suggested = lr * 2.0 ** ((slope.value or 0.0) * doublings)
    return reason("narrow_search", low=rounded(lr / 2), high=rounded(lr * 2), suggested=rounded(suggested))


def _can_discriminate(control: ArmVerdict | None) -> bool | None:
    if control is None or control.outcome is Outcome.INCONCLUSIVE:
        return None
    return control.outcome not in (Outcome.TRANSFERS, Outcome.SHARPNESS_DRIFTS)


def _qualifications(
    spec: ExperimentSpec, control: ArmVerdict | None, thresholds: Thresholds
) -> tuple[Reason, ...]:
    found = []
    if _can_discriminate(control) is False and control is not None:
        found.append(reason("control_transfers", parametrization=control.parametrization))
    if thresholds.min_seeds <= len(spec.seeds) < thresholds.full_seeds:
        found.append(reason("provisional", given=len(spec.seeds), needed=thresholds.full_seeds))
    if thresholds != DEFAULT_THRESHOLDS:
        found.append(reason("thresholds_changed"))
    return tuple(found)


def _ranges(spec: ExperimentSpec, arm: ArmVerdict, thresholds: Thresholds) -> Ranges:
    lrs = spec.arm(arm.parametrization).lrs
    return Ranges(
        widths=tuple(sorted(spec.widths)),
        depths=tuple(sorted(spec.depths)),
        num_steps=spec.num_steps,
        batch_size=spec.batch_size,
        num_seeds=len(spec.seeds),
        lr_low=min(lrs),
        lr_high=max(lrs),
        not_claimed=(
            reason("beyond_widths", width=max(spec.widths)),
            reason("other_horizon", num_steps=spec.num_steps),
            reason("other_batch", batch_size=spec.batch_size),
            reason("other_optimizer", optimizer=spec.optimizer.kind),
            _regularisation(spec.optimizer.weight_decay),
            *check_not_claimed(arm.coordinate_checks, len(spec.seeds), thresholds),
        ),
    )


def _regularisation(weight_decay: float) -> Reason:
    if weight_decay == 0.0:
        return reason("no_regularisation")
    return reason("other_weight_decay", weight_decay=weight_decay)
