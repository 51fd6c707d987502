"""Curvature against independent tools: dense eigenvalues of every model family, and curvlinops with eigsh.

Eigenvalues are found by the solvers a program uses, with a tight tolerance.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from muscope.backend.domain.spec.dataset import DataDims, Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scaling.scaling_table import scaling_table
from muscope.worker.numerics.families import network_of as family_of
from muscope.worker.numerics.linalg.block_lanczos import top_eigenpairs
from muscope.worker.numerics.linalg.lanczos import StoppingRule, largest_eigenpairs
from muscope.worker.numerics.linalg.operators import flatten, unflatten
from muscope.worker.numerics.losses import Targets, mean_loss, target_rows
from muscope.worker.numerics.network import Network
from muscope.worker.numerics.networks.residual_mlp.derivatives import ResidualMlpHessian
from tests import cases
from tests.worker.numerics.networks_cases import FAMILY_CASES, data_of, network_of

RECORDED = json.loads(
    (Path(__file__).parents[3] / "fixtures" / "curvlinops.json").read_text(encoding="utf-8")
)
TIGHT = StoppingRule(tolerance=1e-12, min_steps=3, max_steps=120)


@pytest.mark.parametrize("case", FAMILY_CASES.values(), ids=FAMILY_CASES)
def test_sharpness_is_the_top_of_the_dense_weighted_hessian_in_every_family(case):
    """Lanczos on the products a program uses, against eigvalsh of a matrix made one number at a time."""
    network, params = network_of(case)
    family, data, index = family_of(case.model), data_of(case, torch.float64), torch.arange(4)
    y_BC = Targets(data.y_train, data.task, data.num_outputs, torch.float64).rows(index)
    x_RBD = data.x_train[index].expand(2, -1, -1)

    def dense_top_of_the_second_run() -> float:
        one = {name: tensor[1:] for name, tensor in params.items()}
        flat_P = flatten(one)[0]

        def loss_at(at_P: Tensor) -> Tensor:
            f_RBC = family.apply(network, unflatten(at_P[None], one), x_RBD[:1])
            return mean_loss(f_RBC, y_BC, Loss.CROSS_ENTROPY)[0]

        hessian_PP = torch.autograd.functional.hessian(loss_at, flat_P)
        lr_mult = {name: torch.full_like(w, network.scaling[name].lr_mult) for name, w in one.items()}
        root_P = flatten(lr_mult)[0].sqrt()
        return float(torch.linalg.eigvalsh(root_P[:, None] * hessian_PP * root_P)[-1])

    derivatives = family.derivatives(network)
    operator = derivatives.curvature(network, params, x_RBD, y_BC, Loss.CROSS_ENTROPY)
    found = largest_eigenpairs(operator, normals(2, flatten(params).shape[1]), TIGHT)

    assert found.value_R[1] == pytest.approx(dense_top_of_the_second_run(), rel=1e-8)


@pytest.mark.parametrize("loss", cases.LOSSES)
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
    scaling = scaling_table(Parametrization.MUP, dims=DataDims(6, 3), width=16, depth=2, base_width=4)
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
