"""What the init, multiplier, LR, ε and weight-decay columns of the table promise."""

from __future__ import annotations

import pytest

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.optimizer import PLAIN_SGD, OptimizerSpec
from muscope.backend.domain.spec.parametrization import OF_SIZE, Parametrization, TensorScaling
from muscope.backend.domain.spec.scaling.scaling_table import scaling_table
from muscope.backend.errors import InvalidInput
from tests import cases

MUP, SP = Parametrization.MUP, Parametrization.SP
DEPTH_MUP, COMPLETEP = Parametrization.DEPTH_MUP, Parametrization.COMPLETEP
ADAM = OptimizerSpec.model_validate("adam")


def table(
    arm: Parametrization,
    optimizer: OptimizerSpec = PLAIN_SGD,
    *,
    width: int = 256,
    depth: int = 2,
    base_width: int = 64,
    base_depth: int = 2,
    alpha: float = 1.0,
) -> dict[str, TensorScaling]:
    return scaling_table(
        arm,
        dims=DataDims(6, 3),
        width=width,
        depth=depth,
        base_width=base_width,
        base_depth=base_depth,
        completep_alpha=alpha,
        optimizer=optimizer,
    )


def learning_rates(scaling: dict[str, TensorScaling], lr: float) -> dict[str, float]:
    return {name: lr * constants.lr_mult for name, constants in scaling.items()}


def test_oracle_16_adam_under_mup_has_the_learning_rates_of_mu_adam():
    """Oracle 16: MuAdam at 1e-3, base 64 → 256: hidden 2.5e-4, input and output 1e-3."""
    rates = learning_rates(table(MUP, ADAM), 1e-3)

    assert rates == {"input": 1e-3, "block_0": 2.5e-4, "block_1": 2.5e-4, "output": 1e-3}


def test_oracle_17_sgd_under_mup_has_the_learning_rates_of_mu_sgd():
    """Oracle 17: MuSGD at .1, base 64 → 256: (square) hidden .1, input and readout .4."""
    rates = learning_rates(table(MUP), 0.1)

    assert rates == {"input": 0.4, "block_0": 0.1, "block_1": 0.1, "output": 0.4}


def test_oracle_18_the_readout_divides_by_four_and_starts_twice_as_wide_as_in_sp():
    """Oracle 18: MuReadout divides activations by 4; its init std is twice SP's at the same width."""
    ours, standard = table(MUP)["output"], table(SP)["output"]

    assert (ours.forward_mult, standard.forward_mult) == (0.25, 1.0)
    assert ours.init_std == pytest.approx(2 * standard.init_std)


@pytest.mark.parametrize(("optimizer", "ratio"), [(PLAIN_SGD, 1.0), (ADAM, 0.5)], ids=["sgd", "adam"])
def test_oracle_22_depth_mup_scales_the_block_learning_rate_under_adam_only(optimizer, ratio):
    """Oracle 22: block-LR ratio L = 4 → 16: Adam ½, SGD 1. The growth of the stream: test_size_oracles.py."""
    at = {depth: table(DEPTH_MUP, optimizer, depth=depth, base_depth=4) for depth in (4, 16)}

    assert at[16]["block_0"].lr_mult / at[4]["block_0"].lr_mult == pytest.approx(ratio)
    assert at[16]["output"] == at[4]["output"]
    branches = [branch(DEPTH_MUP, depth, base_depth=4) for depth in (4, 16)]
    assert branches == pytest.approx([4**-0.5, 16**-0.5])


@pytest.mark.parametrize(
    ("alpha", "branch_factor", "lr_factor", "epsilon_factor"),
    [(1.0, 0.25, 1.0, 0.25), (0.5, 0.5, 0.5, 0.5)],
)
def test_oracle_23_completep_at_four_times_the_base_depth(alpha, branch_factor, lr_factor, epsilon_factor):
    """Oracle 23: at m_L = 4, α = 1: branch ¼, LR 1, ε ¼/m_N; α = ½: branch ½, LR ½."""
    adam = OptimizerSpec.model_validate({"kind": "adamw", "weight_decay": 0.1})

    block = table(COMPLETEP, adam, depth=8, alpha=alpha)["block_0"]

    ratio = branch(COMPLETEP, 8, base_depth=2, alpha=alpha) / branch(COMPLETEP, 2, base_depth=2)
    assert ratio == pytest.approx(branch_factor)
    assert block.lr_mult == pytest.approx(lr_factor / 4)
    assert block.epsilon_mult == pytest.approx(epsilon_factor / 4)
    assert block.weight_decay_mult == 4.0


def branch(arm: Parametrization, depth: int, *, base_depth: int, alpha: float = 1.0) -> float:
    optimizer = ADAM if arm is COMPLETEP else PLAIN_SGD
    return cases.program(
        parametrization=arm,
        depth=depth,
        base_depth=base_depth,
        completep_alpha=alpha,
        optimizer=optimizer,
    ).branch_mult


def test_oracle_15_completep_is_refused_under_sgd():
    with pytest.raises(InvalidInput, match=r"spec\.parametrization_unknown_for_optimizer"):
        table(COMPLETEP)


@pytest.mark.parametrize("optimizer", [PLAIN_SGD, ADAM], ids=["sgd", "adam"])
def test_every_arm_is_one_network_at_the_base_size(optimizer):
    """Oracle 15, for the optimizers and depths that came later."""
    arms = [arm for arm in OF_SIZE if (arm, optimizer) != (COMPLETEP, PLAIN_SGD)]

    tables = [table(arm, optimizer, width=64, depth=5, base_depth=5) for arm in arms]

    assert all(each == tables[0] for each in tables)
    assert {branch(arm, 5, base_depth=5) for arm in arms} == {5**-0.5}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("fixed", (1.0, 1.0)), ("independent", (1.0, 4.0)), ("sqrt_width", (0.0, 2.0))],
)
def test_oracle_20_the_rules_of_weight_decay_under_adam(rule, expected):
    adam = OptimizerSpec.model_validate({"kind": "adamw", "weight_decay_rule": rule})

    scaling = table(MUP, adam)

    assert (scaling["input"].weight_decay_mult, scaling["block_0"].weight_decay_mult) == expected


def test_a_fixed_epsilon_is_the_same_everywhere():
    adam = OptimizerSpec.model_validate({"kind": "adam", "epsilon_rule": "fixed"})

    scaling = table(COMPLETEP, adam, depth=8)

    assert {constants.epsilon_mult for constants in scaling.values()} == {1.0}
