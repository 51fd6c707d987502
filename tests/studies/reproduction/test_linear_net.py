from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.experiment import Loss
from muscope.worker.numerics.network import init
from muscope.worker.numerics.program import CellProgram
from studies.cells.datasets import RANDOM, dataset
from studies.cells.linear_net import LINEAR_NETWORK
from studies.reproduction.rows.parts import LINEAR


def test_the_gauss_newton_part_is_that_of_the_jacobian_written_by_hand():
    program: CellProgram = replace(LINEAR.template, width=5, base_width=2, depth=1)
    data = dataset(RANDOM)
    dims = DataDims(data.x_train.shape[1], 1)
    network = program.network_for(dims)
    shapes = {name: tensor.shape for name, tensor in program.model.tensors(dims, 5, 1).items()}
    params = init(shapes, network.scaling, spec_seed=0, seeds=[3], dtype=torch.float64)
    x = data.x_train[:20].double()
    derivatives = LINEAR_NETWORK.derivatives(network)
    curvature = derivatives.curvature(
        network, params, x[None], data.y_train[:20, None].double(), Loss.SQUARED_ERROR
    )

    product = curvature.gauss_newton().matvec(torch.ones(1, 5 * dims.num_features + 5, dtype=torch.float64))

    # f = a · x W_in w: ∂f/∂W_in = a · x wᵀ, ∂f/∂w = a · x W_in; C = 5/2 for both tensors.
    a, w_in, w = 2 / 5, params["input"][0].numpy(), params["output"][0, :, 0].numpy()
    rows = [np.concatenate([np.outer(one, w).ravel(), one @ w_in]) * a for one in x.numpy()]
    jacobian = np.stack(rows) * (5 / 2) ** 0.5
    expected = jacobian.T @ (jacobian @ np.ones(jacobian.shape[1])) / len(x)
    np.testing.assert_allclose(product[0].numpy(), expected, rtol=1e-10)
