"""Curvature against independent tools: dense eigenvalues of every model family, and curvlinops with eigsh.

The largest eigenvalue is taken as a program takes it, by `measure_sharpness` with a tight tolerance.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from backend.domain.dataset import Task
from backend.domain.experiment import Loss
from backend.domain.parametrization import Parametrization, TensorScaling
from tests import cases
from worker.numerics.curvature.top_eigenvalues import top_eigenpairs
from worker.numerics.hvp import AutogradHessian, SymmetricOperator, flatten, unflatten
from worker.numerics.lanczos import StoppingRule, largest_eigenpairs
from worker.numerics.losses import mean_loss, target_rows
from worker.numerics.networks.network import Network
from worker.numerics.networks.residual_mlp import apply
from worker.numerics.networks.residual_mlp_derivatives import ResidualMlpHessian
from worker.numerics.scaling import scaling_table

RECORDED = json.loads(
    (Path(__file__).parents[3] / "fixtures" / "curvlinops.json").read_text(encoding="utf-8")
)
TIGHT = StoppingRule(tolerance=1e-12, min_steps=3, max_steps=120)


class Family(NamedTuple):
    """Stacked weights, the losses [R] they have, their constants, and the family's fast operator if any."""

    params: dict[str, Tensor]
    losses: Callable[[dict[str, Tensor]], Tensor]
    scaling: dict[str, TensorScaling]
    fast: SymmetricOperator | None = None


def residual_mlp(arm: Parametrization, loss: Loss) -> Family:
    network, data = cases.network(arm, width=16), cases.classification(torch.float64)
    params = cases.parameters(network, width=16)
    y = target_rows(data.y_train, data.task, data.num_outputs, torch.float64)
    x_RBD = data.x_train.expand(2, -1, -1)
    fast = ResidualMlpHessian.at(network, params, x_RBD, y, loss)
    return Family(
        params,
        lambda weights: mean_loss(apply(network, weights, data.x_train.expand(2, -1, -1)), y, loss),
        dict(network.scaling),
        fast,
    )


# A model family is one entry: (arm, loss) -> Family.
FAMILIES = [pytest.param(residual_mlp, id="residual_mlp")]


# torch.func loads its forward-mode rules through torch.jit.script, which warns of its own end.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("arm", cases.UNDER_SGD)
@pytest.mark.parametrize("loss", list(Loss))
def test_sharpness_is_the_top_of_the_dense_weighted_hessian(family, arm, loss):
    case = family(arm, loss)
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in case.params.items()}
    operators = [AutogradHessian(case.losses(leaves), leaves, case.scaling), case.fast]

    expected = [dense_top(case, run) for run in range(2)]

    start_RP = normals(2, flatten(case.params).shape[1])
    for operator in filter(None, operators):
        assert largest_eigenpairs(operator, start_RP, TIGHT).value_R == pytest.approx(expected, rel=1e-10)


def dense_top(case: Family, run: int) -> float:
    """Return λ_max(C^½ H C^½) of one run by forward-over-reverse, column by column, and eigvalsh."""
    flat_RP = flatten(case.params)

    def loss_of(row_P: Tensor) -> Tensor:
        rows = [row_P if other == run else flat_RP[other] for other in range(len(flat_RP))]
        return case.losses(unflatten(torch.stack(rows), case.params))[run]

    hessian_PP = torch.func.hessian(loss_of)(flat_RP[run])
    sizes = {name: tensor[0].numel() for name, tensor in case.params.items()}
    multipliers = [torch.full((size,), case.scaling[name].lr_mult) for name, size in sizes.items()]
    root_P = torch.cat(multipliers).double().sqrt()
    return float(torch.linalg.eigvalsh(root_P[:, None] * hessian_PP * root_P)[-1])


@pytest.mark.parametrize("loss", list(Loss))
@pytest.mark.parametrize("kind", ["hessian", "gauss_newton"])
@pytest.mark.parametrize("weighing", ["raw", "weighted"])
def test_eigenvalues_are_those_of_curvlinops_and_eigsh(loss, kind, weighing):
    """The four largest, of H and of G, weighted with C and raw, to 1e-6."""
    operator = operator_of_the_fixture(loss)
    operator = operator.gauss_newton() if kind == "gauss_newton" else operator
    operator = operator.unweighted() if weighing == "raw" else operator
    recorded = RECORDED["eigenvalues"][f"{loss} {kind} {weighing}"]
    size = flatten(operator.params).shape[1]

    top = largest_eigenpairs(operator, normals(1, size), TIGHT)
    repeated = operator.select(torch.zeros(5, dtype=torch.int64))
    several = top_eigenpairs(repeated.matvec, normals(5, size), 4, StoppingRule(1e-10, 2, 60))

    assert top.value_R == pytest.approx(recorded[:1], rel=1e-6)
    assert several.value_K == pytest.approx(recorded, rel=1e-6)


def operator_of_the_fixture(loss: Loss) -> ResidualMlpHessian:
    """Return the operator at the weights and data that curvlinops_record.py draws, under µP."""
    scaling = scaling_table(
        Parametrization.MUP, num_features=6, num_outputs=3, width=16, depth=2, base_width=4
    )
    assert {name: constants.forward_mult for name, constants in scaling.items()} == RECORDED["forward_mults"]
    assert {name: constants.lr_mult for name, constants in scaling.items()} == RECORDED["lr_mults"]
    stream, sides = np.random.RandomState(0), (6, 16, 16, 16, 3)
    params = {
        name: torch.from_numpy(stream.standard_normal((1, rows, columns)) * scaling[name].init_std)
        for name, rows, columns in zip(scaling, sides[:-1], sides[1:], strict=True)
    }
    x = torch.from_numpy(stream.standard_normal((40, 6)))
    y = target_rows(torch.from_numpy(stream.randint(3, size=40)), Task.CLASSIFICATION, 3, torch.float64)
    return ResidualMlpHessian.at(Network(scaling, 2, 2**-0.5), params, x[None], y, loss)


def normals(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
