"""Statements of a verdict on a step up in training: the rules of its LR, and what is not said."""

from __future__ import annotations

from muscope.backend.analysis.reasons import reason, rounded
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.scaling.step_up import CarriedRate
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import Reason


def carried_rate(spec: ExperimentSpec, scenario: Scenario, base_lr: float | None) -> CarriedRate | None:
    """Return the LR that is reused after a step up; None for a scenario that is none."""
    if not scenario.is_step_up:
        return None
    step = spec.step_up(scenario)
    lr = None if base_lr is None else base_lr * step.lr_factor
    return CarriedRate(step_up=step, lr_factor=step.lr_factor, lr=lr)


def step_up_reasons(spec: ExperimentSpec, scenario: Scenario, base_lr: float | None) -> tuple[Reason, ...]:
    """Return the conditions of a step up, its rules, and that the benefit of the larger one is not judged."""
    carried = carried_rate(spec, scenario, base_lr)
    if carried is None:
        return ()
    step, found = carried.step_up, []
    if carried.lr is not None:
        found.append(reason("carried_by_rule", lr=rounded(carried.lr), factor=rounded(carried.lr_factor)))
    if step.batch_size != step.base_batch_size:
        found.append(
            reason(
                f"batch_rule_{step.batch_rule}",
                batch_size=step.batch_size,
                base_batch_size=step.base_batch_size,
            )
        )
    if step.num_steps != step.base_num_steps:
        found.append(
            reason(
                f"steps_rule_{step.steps_rule}",
                num_steps=step.num_steps,
                base_num_steps=step.base_num_steps,
            )
        )
    return (*found, reason("step_up_not_defined"))
