"""Presets: three ready-made plans of increasing certainty and cost.

All are staged, so a finer grid and more sizes cost only what the answer needs. Values of the request take
precedence over the preset, those of the preset over the default plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from muscope.backend.domain.plan.defaults import default_arm
from muscope.backend.domain.plan.runnable import require_scenario
from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.domain.spec.experiment import CONTROLS, Arm, ExperimentSpec, Protocol, controls_of
from muscope.backend.domain.spec.families.adapted import Adapted
from muscope.backend.domain.spec.judging.decision import Settle
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.errors import InvalidInput


class Preset(StrEnum):
    """Thoroughness of a plan."""

    QUICK = "quick"
    STANDARD = "standard"
    THOROUGH = "thorough"


@dataclass(frozen=True)
class PresetPlan:
    """Values that a preset sets.

    Attributes:
        per_octave: LRs per octave of every arm's grid.
        target_seconds: steps are cut by whole intervals until the expected path fits this time.
        times_steps: steps in units of the recipe's.
        num_wider: sizes beyond the family's usual widths, each twice the one before.
        scenarios: in addition to the conditions as given, where task and data allow them.
        settle: seeds that may be added where the answer stays open.
        has_all_controls: the other control follows where the usual one shows nothing.
    """

    num_seeds: int
    per_octave: int
    target_seconds: float
    times_steps: int = 1
    num_wider: int = 0
    scenarios: tuple[Scenario, ...] = ()
    settle: Settle | None = None
    has_all_controls: bool = False


PRESET_PLANS: dict[Preset, PresetPlan] = {
    Preset.QUICK: PresetPlan(3, 1, 150.0),
    Preset.STANDARD: PresetPlan(8, 2, 900.0, settle=Settle(max_work=2.0)),
    Preset.THOROUGH: PresetPlan(
        8,
        2,
        4 * 3600.0,
        times_steps=2,
        num_wider=1,
        scenarios=(Scenario("label_noise:0.1"), Scenario("subsample:0.5"), Scenario("horizon:4")),
        settle=Settle(),
        has_all_controls=True,
    ),
}


def with_preset(default: ExperimentSpec, preset: Preset, shape: DatasetShape) -> ExperimentSpec:
    """Return the default plan of a family and dataset, made as thorough as the preset."""
    plan = PRESET_PLANS[preset]
    widths = _wide_enough(default)
    widths = (*widths, *(max(widths) * 2**more for more in range(1, plan.num_wider + 1)))
    if isinstance(default.model, Adapted):
        widths = tuple(rank for rank in widths if rank <= default.model.largest_rank)
    changes: dict[str, Any] = {
        "protocol": Protocol.STAGED,
        "seeds": tuple(range(plan.num_seeds)),
        "arms": tuple(refined(arm, plan.per_octave) for arm in _arms(default, plan)),
        "widths": widths,
        "settle": plan.settle,
    }
    spec = default.model_copy(update=changes)
    possible = tuple(scenario for scenario in plan.scenarios if _is_possible(spec, shape, scenario))
    return spec.model_copy(update={"scenarios": (Scenario.AS_GIVEN, *possible)})


def _arms(default: ExperimentSpec, plan: PresetPlan) -> tuple[Arm, ...]:
    """Return the arms of the default plan, and every further control if the preset has them."""
    if not plan.has_all_controls:
        return default.arms
    names = {arm.parametrization for arm in default.arms}
    others = [name for name in CONTROLS if name not in names and not isinstance(default.model, Adapted)]
    return (*default.arms, *(default_arm(default.loss, name, default.optimizer) for name in others))


def within_runs(spec: ExperimentSpec, max_runs: int) -> ExperimentSpec:
    """Return the plan with as many of its scenarios, then of its controls, as the limit on runs allows."""
    while spec.num_runs() > max_runs and len(spec.scenarios) > 1:
        spec = spec.model_copy(update={"scenarios": spec.scenarios[:-1]})
    if spec.num_runs() > max_runs and len(controls_of(spec)) > 1:
        further = controls_of(spec)[1:]
        spec = spec.model_copy(
            update={"arms": tuple(arm for arm in spec.arms if arm.parametrization not in further)}
        )
    return spec


def _wide_enough(default: ExperimentSpec) -> tuple[int, ...]:
    """Return a family's usual widths, extended to the doublings that a verdict "transfers" requires."""
    widths, limits = default.widths, default.thresholds
    while len(widths) < limits.min_widths or max(widths) < limits.min_width_span * min(widths):
        widths = (*widths, 2 * max(widths))
    return widths


def refined(arm: Arm, per_octave: int) -> Arm:
    """Return an arm with the same range of LRs and `per_octave` LRs per octave."""
    lrs = [lr * 2.0 ** (part / per_octave) for lr in arm.lrs[:-1] for part in range(per_octave)]
    return arm.model_copy(update={"lrs": (*lrs, arm.lrs[-1])})


def _is_possible(spec: ExperimentSpec, shape: DatasetShape, scenario: Scenario) -> bool:
    try:
        require_scenario(spec, shape, scenario)
    except InvalidInput:
        return False
    return True
