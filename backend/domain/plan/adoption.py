"""Constants of a training outside µScope that follows a run of it, per tensor, in torch's conventions.

A run of µScope uses A·w of a weight w; a network elsewhere uses its weight as it is. By the symmetry of abc
parametrizations (Yang & Hu 2021, arXiv 2011.14522) W = A·w trains alike with

    init A·B,     LR  A²·C under SGD, A·C under Adam,     ε/A,     weight decay λ/A², under AdamW λ/A.

Lion's sign and Muon's orthogonal factor do not see A, so they take Adam's column. A relative step of
Adafactor has the size of W in itself: LR C, λ and A·ε₂, the least size that counts; ε₁ is added to squares:
ε₁/A².

The multiplier of a query weight stays outside, since a network has its own scale of attention logits; so does
that of a readout which is the embedding matrix.
"""

from __future__ import annotations

from typing import NamedTuple

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.families.adapted import Adapted
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.optimizer import ADAFACTOR, OptimizerKind, OptimizerSpec, UpdateFamily
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
        epsilon: Adam's ε, or Adafactor's ε₁.
        attention_scale: of a query weight, the factor on the logits q·k; 1 for any other.
        muon_scale: the factor on an orthogonalised update; None for a tensor that Muon leaves to AdamW.
        smallest_rms: root mean square below which a relative step shrinks no further.
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
    muon_scale: float | None
    smallest_rms: float


class AdoptionRecipe(NamedTuple):
    """Constants of one size under one arm."""

    parametrization: Parametrization
    size: Size
    base_size: Size
    tensors: tuple[TensorRecipe, ...]
    branch_mult: float
    optimizer: OptimizerSpec
    readout_mult: float = 1.0


def adoption_recipe(
    spec: ExperimentSpec, dims: DataDims, parametrization: Parametrization, size: Size
) -> AdoptionRecipe:
    """Return the constants of a size; raises InvalidInput for a size that the network cannot have."""
    model, optimizer = spec.model, spec.optimizer
    if isinstance(model, Adapted):
        raise InvalidInput("recipe.adapted", rank=size.width)
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
    lr_power, decay_power = _powers(optimizer)
    factor = None
    if own_std is not None:
        factor = mult * (scaling.init_std / own_std if own_std > 0 else 1.0)
    n_in, n_out = shape
    return TensorRecipe(
        name=name,
        role=role.value,
        shape=shape,
        init_factor=factor,
        init_std=mult * scaling.init_std,
        init_mean=mult * scaling.init_mean,
        lr_mult=scaling.lr_mult * mult**lr_power,
        epsilon=_epsilon(optimizer, scaling, mult),
        weight_decay=optimizer.weight_decay * scaling.weight_decay_mult / mult**decay_power,
        attention_scale=scaling.forward_mult if is_query else 1.0,
        muon_scale=optimizer.muon_scale.factor(n_in, n_out) if scaling.is_orthogonalised else None,
        smallest_rms=ADAFACTOR.epsilon_2 * mult,
    )


def _powers(optimizer: OptimizerSpec) -> tuple[int, int]:
    """Return the powers of A that the LR is multiplied by and the weight decay is divided by."""
    if optimizer.family is UpdateFamily.RELATIVE:
        return 0, 0
    lr_power = 2 if optimizer.family is UpdateFamily.SGD else 1
    return lr_power, 1 if optimizer.traits.decouples_weight_decay else 2


def _epsilon(optimizer: OptimizerSpec, scaling: TensorScaling, mult: float) -> float:
    if optimizer.kind is OptimizerKind.ADAFACTOR:
        return ADAFACTOR.epsilon_1 / mult**2
    return optimizer.epsilon * scaling.epsilon_mult / mult
