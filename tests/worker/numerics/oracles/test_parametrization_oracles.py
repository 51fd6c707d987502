"""What a parametrization promises, through our own networks and trainer."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import PLAIN_SGD, OptimizerKind, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization, TensorScaling
from muscope.worker.numerics.losses import target_rows
from muscope.worker.numerics.network import Network, init
from muscope.worker.numerics.networks.residual_mlp.forward import apply
from muscope.worker.numerics.optimizers.update import Update, initial_moments
from muscope.worker.numerics.trainer import train
from tests import cases, reference

Table = dict[str, TensorScaling]

WIDTH, DEPTH, D = 16, 2, cases.NUM_FEATURES


def forms(
    input_C: tuple[float, ...], hidden_C: tuple[float, ...], output_C: tuple[float, ...]
) -> dict[str, Table]:
    """Return the four published forms of µP as (A, B²) with the given LR multipliers per form."""
    n, root_n = WIDTH, WIDTH**0.5
    constants = {
        "table 3": ((1, 1 / D), (1, 2 / n), (1, 1 / n**2)),
        "table 8": ((1, 1 / D), (1, 2 / n), (1 / n, 1)),
        "table 9": ((root_n, 1 / (D * n)), (1, 2 / n), (1 / root_n, 1 / n)),
        "noci": ((1 / D**0.5, 1), (1 / root_n, 2), (1 / n, 1)),
    }
    tables: dict[str, Table] = {}
    for i, (form, roles) in enumerate(constants.items()):
        entries = zip(roles, (input_C[i], hidden_C[i], output_C[i]), strict=True)
        first, hidden, last = (TensorScaling(A, B2**0.5, C) for (A, B2), C in entries)
        blocks = {f"block_{block}": hidden for block in range(DEPTH)}
        tables[form] = {"input": first, **blocks, "output": last}
    return tables


n = WIDTH
SGD_FORMS = forms((n, n, 1, n * D), (1, 1, 1, n), (1 / n, n, 1, n))
ADAM_FORMS = forms((1, 1, n**-0.5, D**0.5), (1 / n, 1 / n, 1 / n, n**-0.5), (1 / n, 1, n**-0.5, 1))


def trained(table: Table) -> dict[Metric, NDArray[np.float32]]:
    runs = (PlannedRun(0, 0.05, 0), PlannedRun(1, 0.4, 1))
    program = cases.program(
        width=WIDTH,
        runs=runs,
        scaling=table,
        num_steps=8,
        measure_every=4,
        sharpness_tolerance=1e-13,
    )
    windows = list(train(program, cases.classification(torch.float64)))
    return {
        metric: np.concatenate([w.values[metric] for w in windows if metric in w.values])
        for metric in Metric
        if metric in windows[0].values
    }


@pytest.mark.parametrize("form", list(SGD_FORMS))
def test_oracle_10_the_published_forms_have_the_same_sharpness_weighted_and_not_raw(form):
    """Oracle 10: λ_eff is the same in the forms of Tables 3, 8, 9 and of Noci et al.; raw λ is not."""
    table, base = SGD_FORMS[form], SGD_FORMS["table 8"]

    weighted, expected = trained(table)[Metric.SHARPNESS], trained(base)[Metric.SHARPNESS]

    assert weighted == pytest.approx(expected, rel=1e-6)
    (weighted_top, raw_top), (expected_top, other_raw_top) = map(initial_eigenvalues, (form, "table 8"))
    assert weighted_top == pytest.approx(expected_top, rel=1e-10)
    if form != "table 8":
        assert raw_top != pytest.approx(other_raw_top, rel=0.05)


@lru_cache
def initial_eigenvalues(form: str) -> tuple[float, float]:
    """Return λ_eff and raw λ at init, of the dense Hessian."""
    data, table = cases.classification(torch.float64), SGD_FORMS[form]
    params = init(
        cases.tensor_shapes(D, WIDTH, DEPTH, 3), table, spec_seed=0, seeds=(0,), dtype=torch.float64
    )
    weights = {name: tensor[0] for name, tensor in params.items()}
    args = (data.x_train, data.y_train, data, Loss.CROSS_ENTROPY, table)
    weighted_PP = reference.dense_hessian(weights, *args)
    multipliers = [torch.full((w.numel(),), table[name].lr_mult) for name, w in weights.items()]
    root_P = torch.cat(multipliers).double().sqrt()
    raw_PP = weighted_PP / root_P[:, None] / root_P
    return float(torch.linalg.eigvalsh(weighted_PP)[-1]), float(torch.linalg.eigvalsh(raw_PP)[-1])


def losses(table: Table, optimizer: OptimizerSpec, lrs: tuple[float, float]) -> Tensor:
    """Train in float64 through our init, derivatives and optimizer; windows would round to float32."""
    data = cases.classification(torch.float64)
    network = Network(table, DEPTH, DEPTH**-0.5)
    params = init(
        cases.tensor_shapes(D, WIDTH, DEPTH, 3), table, spec_seed=0, seeds=(0, 1), dtype=torch.float64
    )
    y = target_rows(data.y_train, data.task, 3, torch.float64)
    x = data.x_train.expand(2, -1, -1)
    update, moments = Update(optimizer, table, num_steps=9), initial_moments(optimizer, params)
    lr_R11 = torch.tensor(lrs, dtype=torch.float64)[:, None, None]
    seen = []
    for step in range(9):
        loss_R, gradients = cases.loss_and_gradients(network, params, x, y, Loss.CROSS_ENTROPY)
        update.apply_(params, gradients, moments, lr_R11, step)
        seen.append(loss_R)
    return torch.stack(seen)


def sgd_losses(table: Table) -> Tensor:
    return losses(table, PLAIN_SGD, (0.05, 0.4))


def adam_losses(table: Table) -> Tensor:
    return losses(table, OptimizerSpec(kind=OptimizerKind.ADAM, epsilon=0.0), (0.01, 0.02))


@pytest.mark.parametrize("form", list(SGD_FORMS))
def test_oracle_14_the_published_forms_train_alike_under_sgd(form):
    """Oracle 14: the forms have the same losses to 1e-12 in float64 under SGD."""
    torch.testing.assert_close(
        sgd_losses(SGD_FORMS[form]), sgd_losses(SGD_FORMS["table 3"]), rtol=1e-12, atol=0
    )
    train_loss = trained(SGD_FORMS[form])[Metric.TRAIN_LOSS]
    assert train_loss == pytest.approx(trained(SGD_FORMS["table 3"])[Metric.TRAIN_LOSS], rel=1e-7)


@pytest.mark.parametrize("form", list(ADAM_FORMS))
def test_oracle_14_the_published_forms_train_alike_under_adam_without_epsilon(form):
    """Oracle 14: the forms have the same losses to 1e-12 in float64 under Adam with ε = 0."""
    expected = adam_losses(ADAM_FORMS["table 3"])

    torch.testing.assert_close(adam_losses(ADAM_FORMS[form]), expected, rtol=1e-12, atol=0)
    assert expected[-1, 0] < expected[0, 0]


@pytest.mark.parametrize("parametrization", [Parametrization.MUP, Parametrization.NTP])
def test_oracle_15_at_the_base_width_every_parametrization_is_sp_bit_for_bit(parametrization):
    """Oracle 15: at the base width µP and NTP are SP, bit for bit."""
    data = cases.classification()

    ours = list(train(cases.program(parametrization=parametrization), data))
    standard = list(train(cases.program(parametrization=Parametrization.SP), data))

    for window, expected in zip(ours, standard, strict=True):
        for metric, values in expected.values.items():
            assert window.values[metric].tobytes() == values.tobytes()


@pytest.mark.parametrize(
    ("parametrization", "slope"),
    [(Parametrization.MUP, -1.0), (Parametrization.NTP, 0.0), (Parametrization.SP, 0.0)],
)
def test_oracle_19_the_initial_output_shrinks_with_width_under_mup_only(parametrization, slope):
    """Oracle 19: E f₀² ~ N^-1 under µP (slope -1.00 ± .1), Θ(1) under NTP and SP."""
    data = cases.classification(torch.float64)
    widths, seeds = (32, 64, 128, 256), tuple(range(48))
    mean_squares = []
    for width in widths:
        network = cases.network(parametrization, width=width)
        params = cases.parameters(network, width=width, seeds=seeds)
        f_RBC = apply(network, params, data.x_train[:20].expand(len(seeds), -1, -1))
        mean_squares.append(float(f_RBC.square().mean()))

    measured = np.polyfit(np.log2(widths), np.log2(mean_squares), 1)[0]

    assert measured == pytest.approx(slope, abs=0.1)
