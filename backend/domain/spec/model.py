"""Registry of model families; a new family is a file in `families` and a line here."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.families.adapted import Adapted
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.families.convnet import ConvNet, ResidualConvNet
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.families.transformer import GPT, ViT
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import OF_RANK, Parametrization
from muscope.backend.domain.spec.scaling.depth_scaling import depth_alpha
from muscope.backend.errors import InvalidInput

Families = ResidualMLP | ConvNet | ResidualConvNet | ViT | GPT | Brought | Adapted


def _named(data: Any) -> Any:
    """Expand a name to the family with its defaults; options without a name belong to the residual MLP.

    `brought:NAME` is a network of the operator's, `adapted:NAME` the same with adapters of the usual kind.
    """
    if isinstance(data, str):
        family, _, network = data.partition(":")
        return {"family": family, "network": network} if network else {"family": family}
    return {"family": "residual_mlp"} | data if isinstance(data, dict) else data


Model = Annotated[Families, Field(discriminator="family"), BeforeValidator(_named)]
FAMILIES: tuple[type[ModelFamily], ...] = get_args(Families)


def require_depth_rule(model: ModelFamily, parametrization: Parametrization) -> None:
    """Refuse a parametrization that scales residual branches for a model that has none."""
    if depth_alpha(parametrization, 1.0) is not None and not model.scales_branches:
        raise InvalidInput(
            "spec.depth_rule_needs_branches", family=model.name, parametrization=parametrization.value
        )


def require_arm(model: ModelFamily, parametrization: Parametrization, optimizer: OptimizerSpec) -> None:
    """Refuse a parametrization that has no rule for a model's sizes; raises InvalidInput."""
    require_depth_rule(model, parametrization)
    if isinstance(model, Adapted):
        model.require_rule(parametrization, optimizer)
    elif parametrization in OF_RANK:
        raise InvalidInput("spec.rank_rule_needs_adapters", parametrization=parametrization.value)


def require_model(
    model: ModelFamily, dims: DataDims, widths: tuple[int, ...], depths: tuple[int, ...]
) -> None:
    """Refuse data or sizes that the family cannot have; raises InvalidInput naming the field."""
    model.require_data(dims)
    for width in widths:
        for depth in depths:
            model.require_size(dims, width, depth)
