"""What holds for every model family, against dense float64 matrices made by automatic differentiation."""

import dataclasses

import pytest
import torch

from muscope.backend.domain.cost.memory import stacked_runs
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.model import FAMILIES
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.numerics.derivatives import Autograd
from muscope.worker.numerics.families import NETWORKS
from muscope.worker.numerics.families import network_of as family_of
from muscope.worker.numerics.linalg.operators import flatten, unflatten
from muscope.worker.numerics.losses import Targets, mean_loss, output_hessian_product
from muscope.worker.numerics.trainer import train
from tests.worker.numerics.networks_cases import FAMILY_CASES, NUM_TRAIN, data_of, network_of, program_of

# The network of a brought model comes from its file.
BUILT_IN = [family for family in FAMILIES if not issubclass(family, Brought)]

every_case = pytest.mark.parametrize("case", FAMILY_CASES.values(), ids=FAMILY_CASES)


def _batch(case, num_runs, num_examples=4):
    data = data_of(case, torch.float64)
    index = torch.arange(num_examples)
    x_RBD = data.x_train[index].expand(num_runs, -1, -1)
    return x_RBD, Targets(data.y_train, data.task, data.num_outputs, torch.float64).rows(index)


def _dense(case, row, network, params):
    """Return the exact Hessian and Jacobian of one run, by reverse mode over single numbers."""
    one = {name: tensor[row : row + 1] for name, tensor in params.items()}
    x_RBD, y_BC = _batch(case, 1)
    apply = family_of(case.model).apply

    def outputs(flat):
        return apply(network, unflatten(flat[None], one), x_RBD)[0]

    flat = flatten(one)[0]
    hessian = torch.autograd.functional.hessian(
        lambda at: mean_loss(outputs(at)[None], y_BC, Loss.CROSS_ENTROPY)[0], flat
    )
    jacobian = torch.autograd.functional.jacobian(outputs, flat)
    return hessian, jacobian, outputs(flat)


def _curvature(case, network, params):
    x_RBD, y_BC = _batch(case, len(next(iter(params.values()))))
    derivatives = family_of(case.model).derivatives(network)
    return derivatives.curvature(network, params, x_RBD, y_BC, Loss.CROSS_ENTROPY)


def _matrix(operator, size):
    """Return the matrix of the only run of `operator`, from its products with the unit vectors."""
    parts = torch.split(torch.eye(size, dtype=torch.float64), 64)
    return torch.cat(
        [operator.select(torch.zeros(len(rows), dtype=torch.int64)).matvec(rows) for rows in parts]
    )


def test_every_family_of_the_domain_has_a_network():
    assert {family().name for family in BUILT_IN} == set(NETWORKS)


@pytest.mark.parametrize("model", [family() for family in BUILT_IN], ids=lambda model: model.name)
@pytest.mark.parametrize("width", [4, 8, 16, 32, 64, 65, 128, 129, 256])
def test_no_stack_is_larger_than_its_memory_is_planned_for(model, width):
    assert family_of(model).runs_per_stack(width) <= stacked_runs(model, width)


@every_case
def test_a_stack_computes_what_its_runs_compute_alone(case):
    network, params = network_of(case)
    x_RBD, _ = _batch(case, 2)
    apply = family_of(case.model).apply

    together = apply(network, params, x_RBD)
    alone = [
        apply(network, {name: tensor[[row]] for name, tensor in params.items()}, x_RBD[:1])[0]
        for row in range(2)
    ]

    torch.testing.assert_close(together, torch.stack(alone), rtol=1e-12, atol=1e-12)


@every_case
def test_curvature_agrees_with_the_dense_hessian_its_parts_and_the_kernel(case):
    network, params = network_of(case, seeds=(0,))
    curvature = _curvature(case, network, params)
    hessian_PP, jacobian_BCP, f_BC = _dense(case, 0, network, params)
    size = len(hessian_PP)
    root_P = flatten(
        {
            name: torch.full_like(tensor, network.scaling[name].lr_mult ** 0.5)
            for name, tensor in params.items()
        }
    )[0]
    weight_PP = root_P[:, None] * root_P
    num_samples, num_outputs = f_BC.shape
    lost_PBC = output_hessian_product(f_BC[None], jacobian_BCP.movedim(2, 0), Loss.CROSS_ENTROPY)
    gauss_newton_PP = torch.einsum("bcp,qbc->pq", jacobian_BCP, lost_PBC)

    torch.testing.assert_close(_matrix(curvature, size), hessian_PP * weight_PP, rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(_matrix(curvature.unweighted(), size), hessian_PP, rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(
        _matrix(curvature.gauss_newton(), size), gauss_newton_PP * weight_PP, rtol=1e-8, atol=1e-10
    )
    torch.testing.assert_close(
        _matrix(curvature.residual(), size), (hessian_PP - gauss_newton_PP) * weight_PP, rtol=1e-8, atol=1e-10
    )

    jacobian = (jacobian_BCP * root_P).flatten(0, 1)
    kernel = curvature.kernel(0)
    assert kernel.size == num_samples * num_outputs
    found = torch.linalg.eigvalsh(kernel.matvec(torch.eye(kernel.size, dtype=torch.float64)))
    torch.testing.assert_close(
        found, torch.linalg.eigvalsh(jacobian @ jacobian.mT / num_samples), rtol=1e-8, atol=1e-10
    )
    scale_P = torch.linspace(0.5, 2.0, size, dtype=torch.float64)
    weighed = curvature.kernel(0, scale_P).matvec(torch.eye(kernel.size, dtype=torch.float64))
    expected = (jacobian * scale_P) @ (jacobian * scale_P).mT / num_samples
    torch.testing.assert_close(
        torch.linalg.eigvalsh(weighed), torch.linalg.eigvalsh(expected), rtol=1e-8, atol=1e-10
    )


@every_case
def test_the_derivatives_in_use_equal_automatic_ones(case):
    network, params = network_of(case)
    x_RBD, y_BC = _batch(case, 2)
    family = family_of(case.model)

    loss_R, gradients = family.derivatives(network).loss_and_gradients(
        network, params, x_RBD, y_BC, Loss.CROSS_ENTROPY
    )
    oracle_R, oracle = Autograd(family.apply).loss_and_gradients(
        network, params, x_RBD, y_BC, Loss.CROSS_ENTROPY
    )

    torch.testing.assert_close(loss_R, oracle_R, rtol=1e-10, atol=0)
    for name, formed in gradients.items():
        gradient = formed if isinstance(formed, torch.Tensor) else formed.dense()
        torch.testing.assert_close(gradient, oracle[name], rtol=1e-10, atol=1e-12)


@every_case
@pytest.mark.parametrize("arm", [Parametrization.NTP, Parametrization.MUP])
def test_at_the_base_width_every_parametrization_trains_alike(case, arm):
    program = dataclasses.replace(program_of(case), base_width=4, num_steps=6, measure_every=6)
    data = data_of(case)

    sp, other = (
        list(train(dataclasses.replace(program, parametrization=one), data))
        for one in (Parametrization.SP, arm)
    )

    for left, right in zip(sp, other, strict=True):
        for metric, values in left.values.items():
            assert values.tobytes() == right.values[metric].tobytes(), metric


@every_case
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_training_lowers_the_loss_and_measures_sharpness(case, optimizer):
    lr = 0.1 if optimizer == "sgd" else 0.01
    program = dataclasses.replace(
        program_of(case),
        optimizer=OptimizerSpec(kind=optimizer),
        runs=(PlannedRun(0, lr, 0), PlannedRun(0, lr, 1)),
        batch_size=NUM_TRAIN,
        num_steps=40,
        chunk_steps=41,
    )

    (window,) = train(program, data_of(case))

    loss_TR = window.values[Metric.TRAIN_LOSS]
    assert (loss_TR[-5:].mean(0) < loss_TR[0]).all()
    sharpness_TR = window.values[Metric.SHARPNESS]
    assert (sharpness_TR[-1] > 0).all()
    assert window.values[Metric.SHARPNESS_CONVERGED][-1].all()
