"""The adoption kit: one Python file, torch only, that trains a network as an experiment found best."""

from __future__ import annotations

from pprint import pformat
from typing import Any
from uuid import UUID

from pydantic import Field

from muscope.backend.domain.plan.adoption import AdoptionRecipe, TensorRecipe, adoption_recipe
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.experiment import ExperimentSpec, Extent, chosen_arm, target_size
from muscope.backend.domain.spec.optimizer import ADAFACTOR, NEWTON_SCHULZ, OptimizerKind, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Size
from muscope.backend.services.context import Context
from muscope.backend.services.lookup import find_dataset, find_experiment
from muscope.backend.services.verdicts.adoption_steps import STEPS
from muscope.backend.services.verdicts.adoption_text import TEMPLATE
from muscope.backend.services.verdicts.judging import get_verdict


class KitRequest(Frozen):
    """Size and arm of a kit; by default the target size, the judged arm and the tuned LR."""

    width: Extent | None = Field(default=None, description="By default the target's.")
    depth: Extent | None = None
    arm: Parametrization | None = Field(default=None, description="By default the judged one.")
    lr: float | None = Field(default=None, gt=0, description="By default the tuned one of the base size.")


def adoption_kit(context: Context, owner_id: str, experiment_id: UUID, request: KitRequest) -> str:
    """Return the text of `recipe.py`; raises NotFound, or InvalidInput for a size that there cannot be."""
    with context.database.read() as session:
        row = find_experiment(session, owner_id, experiment_id)
        spec, name = row.spec, row.name
        dims = find_dataset(session, owner_id, row.dataset_id).shape.dims
    target = target_size(spec)
    size = Size(request.width or target.width, request.depth or target.depth)
    arm = request.arm or chosen_arm(spec)
    lr = request.lr or _tuned_lr(context, owner_id, experiment_id) or _middle(spec, arm)
    return kit_text(adoption_recipe(spec, dims, arm, size), name=name, lr=lr, num_steps=spec.num_steps)


def _tuned_lr(context: Context, owner_id: str, experiment_id: UUID) -> float | None:
    return get_verdict(context, owner_id, experiment_id).arm.base_lr


def _middle(spec: ExperimentSpec, arm: Parametrization) -> float:
    """Return the middle of the grid, before anything was measured."""
    lrs = sorted((spec.arm(arm) if arm in {each.parametrization for each in spec.arms} else spec.arms[0]).lrs)
    return lrs[len(lrs) // 2]


def kit_text(recipe: AdoptionRecipe, *, name: str, lr: float, num_steps: int) -> str:
    """Return the file: constants as Python literals, above functions that use torch only."""
    kind = recipe.optimizer.kind
    groups = {each.name: _constants(each) | _group(each, kind) for each in recipe.tensors}
    scales = {each.name: each.attention_scale for each in recipe.tensors if each.role == "query"}
    return TEMPLATE.format(
        name=" ".join(name.replace("\\", " ").replace('"', "'").split()),
        arm=recipe.parametrization.value,
        width=recipe.size.width,
        depth=recipe.size.depth,
        base_width=recipe.base_size.width,
        base_depth=recipe.base_size.depth,
        lr=repr(lr),
        num_steps=num_steps,
        branch_mult=repr(recipe.branch_mult),
        readout_mult=repr(recipe.readout_mult),
        scales=pformat(scales, width=100),
        settings=pformat(_settings(recipe.optimizer), width=100),
        tensors=pformat(groups, width=100, sort_dicts=False),
        group_keys=tuple(_group(recipe.tensors[0], kind)),
        steps=STEPS[kind],
    )


def _constants(tensor: TensorRecipe) -> dict[str, Any]:
    """Return what is needed to draw a tensor, and the factor on its LR."""
    return {
        "role": tensor.role,
        "shape": tensor.shape,
        "init_factor": tensor.init_factor,
        "init_std": tensor.init_std,
        "init_mean": tensor.init_mean,
        "lr_mult": tensor.lr_mult,
    }


def _group(tensor: TensorRecipe, kind: OptimizerKind) -> dict[str, Any]:
    """Return what the optimizer's group of a tensor has beside its LR."""
    of_kind: dict[OptimizerKind, dict[str, Any]] = {
        OptimizerKind.SGD: {},
        OptimizerKind.LION: {},
        OptimizerKind.MUON: {"eps": tensor.epsilon, "scale": tensor.muon_scale, "shape": tensor.shape},
        OptimizerKind.ADAFACTOR: {"eps": tensor.epsilon, "smallest_rms": tensor.smallest_rms},
    }
    return {"weight_decay": tensor.weight_decay} | of_kind.get(kind, {"eps": tensor.epsilon})


def _settings(optimizer: OptimizerSpec) -> dict[str, Any]:
    """Return the arguments that hold for every tensor."""
    of_kind: dict[OptimizerKind, dict[str, Any]] = {
        OptimizerKind.MUON: {
            "coefficients": NEWTON_SCHULZ.coefficients,
            "num_iterations": NEWTON_SCHULZ.num_steps,
            "smallest_norm": NEWTON_SCHULZ.smallest_norm,
        },
        OptimizerKind.ADAFACTOR: {
            "is_relative": optimizer.scale_parameter,
            "beta2_decay": ADAFACTOR.beta2_decay,
            "clipping": ADAFACTOR.clipping,
        },
    }
    common = {
        "kind": optimizer.kind.value,
        "momentum": optimizer.momentum,
        "nesterov": optimizer.nesterov,
        "betas": (optimizer.beta1, optimizer.beta2),
        "schedule": optimizer.schedule.model_dump(mode="json"),
    }
    return common | of_kind.get(optimizer.kind, {})
