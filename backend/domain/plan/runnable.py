"""Checks that a spec can run on its data and means something, made before anything is stored."""

from __future__ import annotations

from muscope.backend.domain.plan.scenario_data import num_left
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.experiment import MAX_STEPS, ExperimentSpec, base_size, target_size
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.model import require_arm, require_model
from muscope.backend.domain.spec.scaling.depth_scaling import require_known
from muscope.backend.domain.spec.scenario import Scenario, ScenarioKind
from muscope.backend.errors import InvalidInput


def require_runnable(spec: ExperimentSpec, shape: DatasetShape, *, max_runs: int) -> None:
    """Refuse a spec that cannot run on this data or exceeds a limit; raises InvalidInput with the field."""
    num_train = shape.num_train
    require_model(spec.model, shape.dims, (*spec.widths, spec.base_width), spec.depths)
    spec.optimizer.require_consistent()
    _require_measurable(spec)
    for arm in spec.arms:
        require_known(arm.parametrization, spec.optimizer)
        require_arm(spec.model, arm.parametrization, spec.optimizer)
    target, base = target_size(spec), base_size(spec)
    if target.width < base.width or target.depth < base.depth:
        raise InvalidInput("spec.target_below_base", width=base.width, depth=base.depth)
    if spec.num_runs() > max_runs:
        raise InvalidInput("spec.too_many_runs", runs=spec.num_runs(), limit=max_runs)
    if spec.batch_size > num_train:
        raise InvalidInput("spec.batch_larger_than_data", batch_size=spec.batch_size, examples=num_train)
    if spec.sharpness_batch_size > num_train:
        raise InvalidInput(
            "spec.sharpness_batch_larger_than_data", batch_size=spec.sharpness_batch_size, examples=num_train
        )
    if spec.measure_every > spec.num_steps:
        raise InvalidInput(
            "spec.measures_too_rarely", measure_every=spec.measure_every, num_steps=spec.num_steps
        )
    if not spec.judged_scenarios:
        raise InvalidInput("scenario.nothing_to_judge", given=", ".join(spec.scenarios))
    for scenario in spec.scenarios:
        require_scenario(spec, shape, scenario)


def _require_measurable(spec: ExperimentSpec) -> None:
    curved = [measure for measure in spec.measures if measure is not Measure.COORDINATE_CHECK]
    if curved and not spec.optimizer.traits.has_sharpness:
        raise InvalidInput(
            "spec.measures_need_edge", measures=", ".join(curved), optimizer=spec.optimizer.kind.value
        )


def require_scenario(spec: ExperimentSpec, shape: DatasetShape, scenario: Scenario) -> None:
    """Refuse a scenario that data or training cannot have, or that changes nothing; raises InvalidInput."""
    _require_task(shape, scenario)
    if scenario.is_step_up:
        _require_step_up(spec, scenario)
    is_change = scenario.is_of_data or scenario.kind is ScenarioKind.AS_GIVEN
    if not is_change and spec.under(scenario) == spec:
        raise InvalidInput("scenario.same_as_given", scenario=scenario)
    if scenario.kind is ScenarioKind.MOMENTUM and not spec.optimizer.traits.has_momentum:
        raise InvalidInput(
            "scenario.momentum_needs_sgd", scenario=scenario, optimizer=spec.optimizer.kind.value
        )
    if scenario.kind is ScenarioKind.HORIZON and scenario.number * spec.num_steps > MAX_STEPS:
        raise InvalidInput(
            "scenario.too_many_steps",
            scenario=scenario,
            num_steps=spec.num_steps,
            largest=int(MAX_STEPS // scenario.number),
        )
    under = spec.under(scenario)
    under.optimizer.require_consistent()
    _require_examples(under, shape, scenario)


def _require_step_up(spec: ExperimentSpec, scenario: Scenario) -> None:
    """Refuse a step up without a base that was tuned as given, or to no more than the plan has."""
    if Scenario.AS_GIVEN not in spec.scenarios:
        raise InvalidInput("scenario.needs_as_given", scenario=scenario)
    step = spec.step_up(scenario)
    if scenario.kind is ScenarioKind.STEP_UP:
        if (step.batch_size, step.num_steps) == (spec.batch_size, spec.num_steps):
            raise InvalidInput("scenario.step_up_of_nothing", scenario=scenario)
        return
    field = "batch_size" if scenario.kind is ScenarioKind.BATCH_AXIS else "num_steps"
    if getattr(step, field) <= getattr(spec, field):
        raise InvalidInput("scenario.not_larger", scenario=scenario, field=field, given=getattr(spec, field))


def _require_task(shape: DatasetShape, scenario: Scenario) -> None:
    kind, task = scenario.kind, shape.task
    if kind is ScenarioKind.CLASS_IMBALANCE and task is not Task.CLASSIFICATION:
        raise InvalidInput("scenario.imbalance_needs_classes", scenario=scenario)
    if kind is ScenarioKind.FEATURE_NOISE and task is Task.LANGUAGE_MODELLING:
        raise InvalidInput("scenario.feature_noise_of_text", scenario=scenario)
    if kind is ScenarioKind.LABEL_NOISE and task is not Task.REGRESSION:
        # From this share of noise on the right class is no more frequent than others: nothing can be learned.
        limit = 1.0 - 1.0 / shape.num_outputs
        if scenario.number >= limit:
            raise InvalidInput("scenario.labels_say_nothing", scenario=scenario, limit=f"{limit:.3g}")


def _require_examples(under: ExperimentSpec, shape: DatasetShape, scenario: Scenario) -> None:
    largest = num_left(shape, scenario)
    for field in ("batch_size", "sharpness_batch_size"):
        given = getattr(under, field)
        if given > largest:
            raise InvalidInput(
                "scenario.too_few_examples", scenario=scenario, field=field, given=given, largest=largest
            )
