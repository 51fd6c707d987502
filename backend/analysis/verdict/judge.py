"""Judgement of sweeps: preconditions, the deciding size, the outcome of the control (docs/science.md §6).

Choices for the open points of docs/science.md §11 (ADR 0011, 0030): the cost of reuse at the target decides,
on the one loss that the plan declares; vertices serve the shift only; intervals are Student-t on pairs
of seeds; the LR a user takes along is the one carried from the base on that loss; M7 blocks a verdict
where it was measured and fails, and is reported as missing where it was not measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from muscope.backend.analysis.measures.coordinate_check import check_not_claimed
from muscope.backend.analysis.reasons import reason
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.analysis.verdict.beyond import beyond_of
from muscope.backend.analysis.verdict.headline import (
    benefit_of,
    control_state,
    deciding_of,
    deciding_size,
    open_answer,
)
from muscope.backend.analysis.verdict.missing_runs import RunSeconds
from muscope.backend.analysis.verdict.one_arm import judge_arm
from muscope.backend.analysis.verdict.preconditions import Terms
from muscope.backend.analysis.verdict.step_up import carried_rate, step_up_reasons
from muscope.backend.domain.spec.experiment import (
    ExperimentSpec,
    base_size,
    chosen_arm,
    controls_of,
    sizes_under,
)
from muscope.backend.domain.spec.judging.decision import most_seeds
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.verdict import (
    ArmVerdict,
    ControlState,
    Deciding,
    OpenAnswer,
    Outcome,
    Ranges,
    Reason,
    Verdict,
)

DEFAULT_THRESHOLDS = Thresholds()
NO_COSTS: Mapping[Size, float] = {}


def judge(
    spec: ExperimentSpec,
    scenario: Scenario,
    sweeps: Mapping[Parametrization, Sequence[Sweep]],
    *,
    is_interim: bool,
    seconds: Mapping[Size, float] = NO_COSTS,
    run_seconds: RunSeconds | None = None,
) -> Verdict:
    """Judge one scenario of an experiment by the spec's thresholds; missing results never raise an error.

    Args:
        sweeps: of every arm, one per axis.
        is_interim: cells are still open, so that missing results may follow.
        seconds: predicted for the judged arm's runs of a size, to price sizes not run.
        run_seconds: predicted for one of its runs at any size, to price missing runs.
    """
    of_chosen = Terms(spec.thresholds, is_interim, seconds=seconds, run_seconds=run_seconds)
    arms = _judged_arms(spec, sweeps, of_chosen)
    arm = arms[chosen_arm(spec)]
    control, state = _control(spec, arms, sweeps)
    num_seeds = _num_seeds(spec, arm)
    qualifications = _qualifications(spec.thresholds, num_seeds, control, state)
    of_arm = sweeps[arm.parametrization]
    deciding = deciding_of(arm, spec.cost_unit, spec.thresholds)
    return Verdict(
        scenario=scenario,
        outcome=arm.outcome,
        rule=arm.rule,
        reasons=(*arm.reasons, *step_up_reasons(spec, scenario, arm.base_lr), *qualifications),
        is_provisional=_is_provisional(num_seeds, spec.thresholds),
        is_interim=is_interim,
        arm=arm,
        control=control,
        can_discriminate={ControlState.WORSE: True, ControlState.SAME: False}.get(state) if state else None,
        deciding=deciding,
        beyond=beyond_of(arm, _axis_of(arm, of_arm), deciding, spec.thresholds),
        benefit=benefit_of(arm, spec.thresholds),
        control_state=state,
        open=_open(spec, arm, deciding),
        base_width=base_size(spec).width,
        target_width=max(size.width for size in sizes_under(spec, scenario)),
        ranges=_ranges(spec.under(scenario), arm, _measured(_sizes_of(spec, scenario), of_arm)),
        thresholds=spec.thresholds,
        spec_sha256=spec.sha256(),
        carried=carried_rate(spec, scenario, arm.base_lr),
    )


def _sizes_of(spec: ExperimentSpec, scenario: Scenario) -> set[Size]:
    """Return the sizes a verdict rests on."""
    return {*sizes_under(spec, scenario), *([base_size(spec)] if scenario.is_step_up else [])}


def _measured(sizes: set[Size], sweeps: Sequence[Sweep]) -> set[Size]:
    """Return those sizes with a result; a cancelled or stopped experiment has run less than it planned."""
    found = {
        size
        for sweep in sweeps
        for size, runs in zip(sweep.sizes, sweep.is_measured, strict=True)
        if runs.any()
    }
    return sizes & found


def _open(spec: ExperimentSpec, arm: ArmVerdict, deciding: Deciding | None) -> OpenAnswer | None:
    """Return what an inconclusive arm leaves open; None for a decided one."""
    if arm.outcome is not Outcome.INCONCLUSIVE:
        return None
    return open_answer(arm, deciding, most_seeds(spec.settle))


def _axis_of(arm: ArmVerdict, sweeps: Sequence[Sweep]) -> Sweep:
    """Return the sweep of the axis that decides, else the first."""
    return next((sweep for sweep in sweeps if sweep.axis is arm.limiting_axis), sweeps[0])


def _control(
    spec: ExperimentSpec,
    arms: Mapping[Parametrization, ArmVerdict],
    sweeps: Mapping[Parametrization, Sequence[Sweep]],
) -> tuple[ArmVerdict | None, ControlState | None]:
    """Return the control and its state; of several the one that was measured to fail, else the usual one."""
    chosen = chosen_arm(spec)
    names = [name for name in controls_of(spec) if name in arms]
    judged = (arms[chosen], sweeps[chosen])
    states = {name: control_state(judged, (arms[name], sweeps[name]), spec.thresholds) for name in names}
    failing = [name for name in names if states[name] is ControlState.WORSE]
    name = next(iter([*failing, *names]), None)
    return (None, None) if name is None else (arms[name], states[name])


def _num_seeds(spec: ExperimentSpec, arm: ArmVerdict) -> int:
    """Count the seeds at the reused LR of the size that decides, those added by the settle stage included."""
    size = deciding_size(arm)
    of_loss = size.losses[0].num_seeds if size is not None and size.losses else None
    planned = None if size is None else size.num_seeds
    return of_loss or planned or len(spec.seeds)


def _is_provisional(num_seeds: int, thresholds: Thresholds) -> bool:
    return thresholds.min_seeds <= num_seeds < thresholds.full_seeds


def _judged_arms(
    spec: ExperimentSpec,
    sweeps: Mapping[Parametrization, Sequence[Sweep]],
    of_chosen: Terms,
) -> dict[Parametrization, ArmVerdict]:
    chosen, controls = chosen_arm(spec), controls_of(spec)
    others = Terms(of_chosen.thresholds, of_chosen.is_interim)
    terms = {name: others._replace(is_control=name in controls) for name in sweeps}
    terms[chosen] = of_chosen
    return {name: judge_arm(name, of_arm, terms[name]) for name, of_arm in sweeps.items()}


def _qualifications(
    thresholds: Thresholds, num_seeds: int, control: ArmVerdict | None, state: ControlState | None
) -> tuple[Reason, ...]:
    found = []
    if control is not None and state is ControlState.SAME:
        found.append(reason("control_transfers", parametrization=control.parametrization))
    if _is_provisional(num_seeds, thresholds):
        found.append(reason("provisional", given=num_seeds, needed=thresholds.full_seeds))
    if thresholds != DEFAULT_THRESHOLDS:
        found.append(reason("thresholds_changed"))
    return tuple(found)


def _ranges(spec: ExperimentSpec, arm: ArmVerdict, sizes: set[Size]) -> Ranges:
    lrs = spec.arm(arm.parametrization).lrs
    widths = tuple(sorted({size.width for size in sizes}))
    return Ranges(
        widths=widths,
        depths=tuple(sorted({size.depth for size in sizes})),
        num_steps=spec.num_steps,
        batch_size=spec.batch_size,
        num_seeds=len(spec.seeds),
        lr_low=min(lrs),
        lr_high=max(lrs),
        not_claimed=(
            *(reason("beyond_widths", width=width) for width in widths[-1:]),
            reason("other_horizon", num_steps=spec.num_steps),
            reason("other_batch", batch_size=spec.batch_size),
            reason("other_optimizer", optimizer=spec.optimizer.kind),
            _regularisation(spec.optimizer.weight_decay),
            *check_not_claimed(arm.coordinate_checks, len(spec.seeds), spec.thresholds),
        ),
    )


def _regularisation(weight_decay: float) -> Reason:
    if weight_decay == 0.0:
        return reason("no_regularisation")
    return reason("other_weight_decay", weight_decay=weight_decay)
