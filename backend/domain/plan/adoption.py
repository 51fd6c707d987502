"""Constants of a training outside µScope that follows a run of it, per tensor, for torch's optimizers.

A run of µScope uses A·w of a weight w; a network elsewhere uses its weight as it is. By the symmetry of abc
parametrizations (Yang & Hu 2021, arXiv 2011.14522) W = A·w trains alike with

    init A·B,     LR  A²·C under SGD, A·C under Adam,     ε/A,     weight decay λ/A², under AdamW λ/A.

The multiplier of a query weight stays outside, since a network has its own scale of attention logits; so does
that of a readout which is the embedding matrix.
"""

from __future__ import annotations

from typing import NamedTuple

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.families.adapted import Adapted
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec, UpdateFamily
from muscope.backend.domain.spec.parametrization import Parametrization, Role, TensorScaling
from muscope.backend.domain.spec.scaling.depth_scaling import branch_mult, depth_alpha
from muscope.backend.domain.spec.scaling.scaling_table import scaling_table
from muscope.backend.domain.spec.size import Size
from muscope.backend.errors import InvalidInput


class TensorRecipe(NamedTuple):
    """Constants of one tensor, beside the base LR.

    Attributes:
        init_factor: of a brought network, the factor on what its `build` draws.
        init_std, init_mean: of any other, of its normal initial entries.
        attention_scale: of a query weight, the factor on the logits q·k; 1 for any other.
    """

    name: str
    role: str
    shape: tuple[int, ...]
    init_factor: float | None
    init_std: float
    init_mean: float
    lr_mult: float
    epsilon: float
    weight_decay: float
    attention_scale: float


class AdoptionRecipe(NamedTuple):
    """Constants of one size under one arm."""

    parametrization: Parametrization
    size: Size
    base_size: Size
    tensors: tuple[TensorRecipe, ...]
    branch_mult: float
    optimizer: OptimizerSpec
    readout_mult: float = 1.0


_TORCH = frozenset({OptimizerKind.SGD, OptimizerKind.ADAM, OptimizerKind.ADAMW})


def adoption_recipe(
    spec: ExperimentSpec, dims: DataDims, parametrization: Parametrization, size: Size
) -> AdoptionRecipe:
    """Return the constants of a size; raises InvalidInput for a size or an optimizer that has none."""
    model, optimizer = spec.model, spec.optimizer
    if isinstance(model, Adapted):
        raise InvalidInput("recipe.adapted", rank=size.width)
    if optimizer.kind not in _TORCH:
        raise InvalidInput("recipe.optimizer", optimizer=optimizer.kind.value)
    model.require_size(dims, size.width, size.depth)
    table = scaling_table(
        parametrization,
        dims=dims,
        width=size.width,
        depth=size.depth,
        base_width=spec.base_width,
        base_depth=spec.base_depth,
        completep_alpha=spec.completep_alpha,
        optimizer=optimizer,
        model=model,
    )
    tensors = model.tensors(dims, size.width, size.depth)
    is_brought = isinstance(model, Brought)
    rows = tuple(
        _row(name, each.role, each.shape, table[name], optimizer, own_std=each.std if is_brought else None)
        for name, each in tensors.items()
    )
    branch = 1.0
    if model.scales_branches:
        branch = branch_mult(
            depth_alpha(parametrization, spec.completep_alpha),
            depth=size.depth,
            base_depth=spec.base_depth,
            branch_exponent=getattr(model, "branch_exponent", 0.0),
        )
    base = Size(spec.base_width, spec.base_depth)
    readout = model.readout_mult(parametrization, width=size.width, base_width=base.width)
    return AdoptionRecipe(parametrization, size, base, rows, branch, optimizer, readout)


def _row(
    name: str,
    role: Role,
    shape: tuple[int, int],
    scaling: TensorScaling,
    optimizer: OptimizerSpec,
    *,
    own_std: float | None,
) -> TensorRecipe:
    is_query = role is Role.QUERY
    mult = 1.0 if is_query else scaling.forward_mult
    is_sgd = optimizer.family is UpdateFamily.SGD
    decay = optimizer.weight_decay * scaling.weight_decay_mult
    factor = None
    if own_std is not None:
        factor = mult * (scaling.init_std / own_std if own_std > 0 else 1.0)
    return TensorRecipe(
        name=name,
        role=role.value,
        shape=shape,
        init_factor=factor,
        init_std=mult * scaling.init_std,
        init_mean=mult * scaling.init_mean,
        lr_mult=scaling.lr_mult * mult ** (2 if is_sgd else 1),
        epsilon=optimizer.epsilon * scaling.epsilon_mult / mult,
        weight_decay=decay / mult ** (1 if optimizer.traits.decouples_weight_decay else 2),
        attention_scale=scaling.forward_mult if is_query else 1.0,
    )
