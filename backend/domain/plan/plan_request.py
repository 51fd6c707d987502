"""Request for a plan; fields left out come from the default plan."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from muscope.backend.domain.cost.gpu_memory import require_gpu_memory
from muscope.backend.domain.cost.memory import require_memory
from muscope.backend.domain.plan.defaults import (
    Capacity,
    cut_steps,
    default_arm,
    default_model,
    default_spec,
    has_own_loss,
)
from muscope.backend.domain.plan.outlay import least_seconds
from muscope.backend.domain.plan.presets import PRESET_PLANS, Preset, refined, with_preset, within_runs
from muscope.backend.domain.plan.recipes import RECIPE_PLANS, Recipe
from muscope.backend.domain.plan.runnable import require_runnable
from muscope.backend.domain.plan.scenario_data import num_left
from muscope.backend.domain.spec.budget import Budget, require_budget
from muscope.backend.domain.spec.dataset import DatasetShape, Frozen, Task
from muscope.backend.domain.spec.experiment import (
    MAX_STEPS,
    Arm,
    DivergenceFactor,
    ExperimentSpec,
    Extent,
    Extents,
    LearningRates,
    Loss,
    Measures,
    PositiveInt,
    Precision,
    Protocol,
    Scenarios,
    Seed,
    Seeds,
    SharpnessTolerance,
    TailFraction,
)
from muscope.backend.domain.spec.families.adapted import Adapted
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.judging.decision import (
    CostUnit,
    DecidingLoss,
    Settle,
    cost_unit,
    deciding_loss,
)
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.measures import DensityGrid, Measure
from muscope.backend.domain.spec.metrics import Spacing
from muscope.backend.domain.spec.model import Model
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scaling.step_up import BatchRule, StepsRule
from muscope.backend.errors import InvalidInput

# The work of foreseeing stages grows with the cube of the sizes: 5 s at this many, minutes at 200.
MOST_SIZES = 40
# The Gauss-Newton part and the kernel of the outputs, which a network with a loss of its own does not show.
_OF_OUTPUTS = frozenset({Measure.GAUSS_NEWTON, Measure.NTK, Measure.COORDINATE_CHECK})


class ArmRequest(Frozen):
    """Requested arm; without `lrs`, on the default grid of its loss and optimizer."""

    parametrization: Parametrization
    lrs: LearningRates | None = None


class PlanRequest(Frozen):
    """Requested values of a plan. What is left out comes from the recipe, usual practice unless said.

    Without `num_steps`, as many steps as the recipe has and the target time allows with the usual measures;
    others take more time. `lrs` is the grid of every arm without one of its own, of requested arms as well
    as default ones.
    """

    recipe: Recipe = Recipe.USUAL
    loss: Loss | None = None
    arms: Annotated[tuple[ArmRequest, ...], Field(min_length=1)] | None = None
    lrs: LearningRates | None = None
    widths: Extents | None = None
    depths: Extents | None = None
    base_width: Extent | None = None
    base_depth: Extent | None = None
    completep_alpha: Annotated[float, Field(ge=0.5, le=1.0)] | None = None
    optimizer: OptimizerSpec | None = None
    seeds: Seeds | None = None
    batch_size: PositiveInt | None = None
    num_steps: Annotated[int, Field(ge=1, le=MAX_STEPS)] | None = None
    measure_every: PositiveInt | None = None
    sharpness_batch_size: PositiveInt | None = None
    measure_spacing: Spacing | None = None
    precision: Precision | None = None
    model: Model | None = None
    branch_exponent: Annotated[float, Field(ge=0.0, le=2.0)] | None = None
    measures: Measures | None = None
    sharpness_tolerance: SharpnessTolerance | None = None
    divergence_factor: DivergenceFactor | None = None
    tail_fraction: TailFraction | None = None
    spec_seed: Seed | None = None
    density_grid: DensityGrid | None = None
    scenarios: Scenarios | None = None
    protocol: Protocol | None = None
    thresholds: Thresholds | None = None
    preset: Preset | None = None
    budget: Budget | None = None
    target_width: Extent | None = None
    target_depth: Extent | None = None
    deciding_loss: DecidingLoss | None = Field(
        default=None, description="By default of training where an example is seen about once."
    )
    cost_unit: CostUnit | None = Field(default=None, description="By default extra training for text.")
    settle: Settle | None = None
    batch_rule: BatchRule | None = Field(
        default=None,
        description="By which the LR is carried to a larger batch; by default linear under SGD, the square"
        " root under Adam and AdamW, and none otherwise.",
    )
    steps_rule: StepsRule | None = Field(
        default=None, description="By which the LR is carried to more steps; by default none."
    )


def resolve(
    request: PlanRequest,
    *,
    dataset_sha256: str,
    shape: DatasetShape,
    capacity: Capacity,
    max_runs: int,
    memory_bytes: int,
) -> ExperimentSpec:
    """Return the full spec of a request; raises InvalidInput naming the field that is not possible."""
    if request.loss is not None:
        require_loss(request.loss, shape.task)
    model = (request.model or default_model(shape)).require_data(shape.dims)
    require_loss_of(model, request)
    spec = default_spec(
        dataset_sha256,
        shape,
        loss=request.loss,
        optimizer=request.optimizer,
        model=_branched(request, model),
        recipe=request.recipe,
    )
    spec = _made_thorough(request, spec, shape, capacity, memory_bytes)
    if request.preset is not None:
        spec = within_runs(spec, max_runs)
    spec = ExperimentSpec.model_validate(spec.model_dump() | _wishes(request, spec, shape))
    _require_few_sizes(spec)
    if request.num_steps is None:
        spec = spec.model_copy(update={"num_steps": full_steps(request, spec, shape)})
    require_runnable(spec, shape, max_runs=max_runs)
    _require_memory(spec, shape, capacity, memory_bytes)
    if request.num_steps is None:
        spec = _cut(request, spec, shape, capacity)
    spec = _declared(request, spec, shape)
    if spec.budget is not None:
        require_budget(spec.budget, least_seconds(spec, shape, capacity.calibration))
    return spec


def _declared(request: PlanRequest, spec: ExperimentSpec, shape: DatasetShape) -> ExperimentSpec:
    """Return the spec with the loss and the unit that decide, fixed before the first run."""
    loss = deciding_loss(shape, num_steps=spec.num_steps, batch_size=spec.batch_size)
    declared = {
        "deciding_loss": request.deciding_loss or loss,
        "cost_unit": request.cost_unit or cost_unit(shape),
    }
    return spec.model_copy(update=declared)


def full_steps(request: PlanRequest, spec: ExperimentSpec, shape: DatasetShape) -> int:
    """Return the steps of a request that names none, before any are cut to fit the time."""
    times = PRESET_PLANS[request.preset].times_steps if request.preset else 1
    return times * RECIPE_PLANS[request.recipe].num_steps(shape.num_train, spec.batch_size)


def require_loss(loss: Loss, task: Task) -> None:
    """Refuse a loss that the task's labels do not allow; raises InvalidInput."""
    if loss is Loss.CROSS_ENTROPY and task is Task.REGRESSION:
        raise InvalidInput("spec.cross_entropy_needs_classes")
    if loss is Loss.SQUARED_ERROR and task is Task.LANGUAGE_MODELLING:
        raise InvalidInput("spec.text_needs_cross_entropy")


def require_loss_of(model: Model, request: PlanRequest) -> None:
    """Refuse a loss or a measure that the family does not have; raises InvalidInput."""
    is_own = has_own_loss(model)
    if request.loss is not None and (request.loss is Loss.OWN) is not is_own:
        raise InvalidInput("spec.own_loss", loss=request.loss.value, has_own=int(is_own), family=model.name)
    for measure in request.measures or ():
        if is_own and measure in _OF_OUTPUTS:
            raise InvalidInput("spec.measure_needs_outputs", measure=measure.value)
    if isinstance(model, Adapted) and Measure.COORDINATE_CHECK in (request.measures or ()):
        raise InvalidInput("spec.adapted_coordinates")
    precision = request.precision
    if isinstance(model, Brought) and precision not in (None, Precision.FLOAT32):
        raise InvalidInput("spec.precision_of_brought", given=precision)


def _require_few_sizes(spec: ExperimentSpec) -> None:
    num_sizes = len(spec.widths) * len(spec.depths)
    if num_sizes > MOST_SIZES:
        raise InvalidInput("spec.too_many_sizes", sizes=num_sizes, limit=MOST_SIZES)


def _require_memory(spec: ExperimentSpec, shape: DatasetShape, capacity: Capacity, memory_bytes: int) -> None:
    if capacity.gpu_memory_bytes is None:
        require_memory(spec, shape, memory_bytes=memory_bytes)
    else:
        require_gpu_memory(spec, shape, memory_bytes=capacity.gpu_memory_bytes)


def _made_thorough(
    request: PlanRequest,
    default: ExperimentSpec,
    shape: DatasetShape,
    capacity: Capacity,
    memory_bytes: int,
) -> ExperimentSpec:
    """Apply the preset; a further size that does not fit the memory is left out."""
    if request.preset is None:
        return default
    spec = with_preset(default, request.preset, shape)
    try:
        _require_memory(spec, shape, capacity, memory_bytes)
    except InvalidInput:
        return spec.model_copy(update={"widths": default.widths})
    return spec


def _cut(
    request: PlanRequest, spec: ExperimentSpec, shape: DatasetShape, capacity: Capacity
) -> ExperimentSpec:
    if request.preset is None:
        return cut_steps(spec, shape, capacity)
    target = PRESET_PLANS[request.preset].target_seconds
    return cut_steps(spec, shape, capacity, target_seconds=target)


def _wishes(request: PlanRequest, default: ExperimentSpec, shape: DatasetShape) -> dict[str, object]:
    plain = set(PlanRequest.model_fields) - {
        "arms",
        "lrs",
        "branch_exponent",
        "base_width",
        "base_depth",
        "optimizer",
        "model",
        "preset",
        "recipe",
    }
    given = _fitting(request, default, shape) | request.model_dump(exclude_none=True, include=plain)
    if request.num_steps is not None and request.measure_every is None:
        given["measure_every"] = min(default.measure_every, request.num_steps)
    if request.arms is not None or request.lrs is not None:
        given["arms"] = _arms(request, default)
    widths = request.widths or default.widths
    given["base_width"] = request.base_width or min(widths)
    given["base_depth"] = request.base_depth or min(request.depths or default.depths)
    return given


def _fitting(request: PlanRequest, default: ExperimentSpec, shape: DatasetShape) -> dict[str, object]:
    """Return the default batch sizes, limited by the smallest number of examples a scenario leaves."""
    left = min(num_left(shape, scenario) for scenario in request.scenarios or default.scenarios)
    return {name: min(getattr(default, name), left) for name in ("batch_size", "sharpness_batch_size")}


def _branched(request: PlanRequest, model: Model) -> Model:
    """Return the model with the request's branch exponent."""
    if request.branch_exponent is None:
        return model
    if not model.scales_branches:
        raise InvalidInput("spec.branch_exponent_needs_branches", family=model.name)
    return model.model_copy(update={"branch_exponent": request.branch_exponent})


def _arms(request: PlanRequest, default: ExperimentSpec) -> tuple[Arm, ...]:
    named = request.arms or tuple(ArmRequest(parametrization=arm.parametrization) for arm in default.arms)
    per_octave = PRESET_PLANS[request.preset].per_octave if request.preset else 1
    return tuple(_arm(arm, arm.lrs or request.lrs, default, per_octave) for arm in named)


def _arm(request: ArmRequest, lrs: LearningRates | None, default: ExperimentSpec, per_octave: int = 1) -> Arm:
    if lrs is None:
        return refined(default_arm(default.loss, request.parametrization, default.optimizer), per_octave)
    return Arm(parametrization=request.parametrization, lrs=lrs)
