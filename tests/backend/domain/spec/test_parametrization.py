import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.spec.optimizer import MuonScale, OptimizerSpec
from muscope.backend.domain.spec.parametrization import (
    OF_SIZE,
    Parametrization,
    Role,
    TensorScaling,
    tensor_scaling,
)

# (A, B / B at the base width, C) at m_N = 4. µP is TP V's table 8 with n replaced by n / n_base
# (docs/science.md §2.2): input 1, 1/n_in, n_out; hidden 1, 1/n_in, 1; output 1/n_in, 1, n_in, where B² is
# given.
AT_FOUR = {
    (Parametrization.SP, Role.INPUT): (1.0, 1.0, 1.0),
    (Parametrization.SP, Role.HIDDEN): (1.0, 0.5, 1.0),
    (Parametrization.SP, Role.OUTPUT): (1.0, 0.5, 1.0),
    (Parametrization.NTP, Role.INPUT): (1.0, 1.0, 1.0),
    (Parametrization.NTP, Role.HIDDEN): (1.0, 0.5, 0.25),
    (Parametrization.NTP, Role.OUTPUT): (1.0, 0.5, 0.25),
    (Parametrization.MUP, Role.INPUT): (1.0, 1.0, 4.0),
    (Parametrization.MUP, Role.HIDDEN): (1.0, 0.5, 1.0),
    (Parametrization.MUP, Role.OUTPUT): (0.25, 1.0, 4.0),
    # The logits of attention are divided by √d_head, under µP by d_head (docs/science.md §2.2).
    (Parametrization.SP, Role.QUERY): (0.5, 0.5, 1.0),
    (Parametrization.NTP, Role.QUERY): (0.5, 0.5, 0.25),
    (Parametrization.MUP, Role.QUERY): (0.25, 0.5, 1.0),
}
# Gains and biases are vectors: their LR is constant, but under µP with SGD times the width, as in mup.
for _role in (Role.NORM, Role.BIAS):
    for _arm, _lr in ((Parametrization.SP, 1.0), (Parametrization.NTP, 1.0), (Parametrization.MUP, 4.0)):
        AT_FOUR[_arm, _role] = (1.0, 1.0, _lr)
# A tensor without a dimension that grows stays as it is.
for _arm in (Parametrization.SP, Parametrization.NTP, Parametrization.MUP):
    AT_FOUR[_arm, Role.FIXED] = (1.0, 1.0, 1.0)
for _role in Role:
    for _arm in (Parametrization.DEPTH_MUP, Parametrization.COMPLETEP):
        AT_FOUR[_arm, _role] = AT_FOUR[Parametrization.MUP, _role]
EVERY_ROW = [(arm, role) for arm in OF_SIZE for role in Role]


@pytest.mark.parametrize(("arm", "role"), EVERY_ROW)
def test_the_table_at_four_times_the_base_width(arm, role):
    forward, init, lr = AT_FOUR[arm, role]

    scaling = tensor_scaling(arm, role, base_init_std=0.375, width_mult=4)

    assert scaling[:3] == (forward, 0.375 * init, lr)


@pytest.mark.parametrize("role", Role)
@given(base_init_std=st.floats(1e-6, 1e3))
def test_all_parametrizations_coincide_exactly_at_the_base_width(role, base_init_std):
    for arm in OF_SIZE:
        scaling = tensor_scaling(arm, role, base_init_std=base_init_std, width_mult=1.0)
        assert scaling == TensorScaling(1.0, base_init_std, 1.0)


@pytest.mark.parametrize(("arm", "role"), EVERY_ROW)
@given(a=st.floats(0.1, 64), b=st.floats(0.1, 64))
def test_growing_twice_is_growing_once_by_the_product(arm, role, a, b):
    first = tensor_scaling(arm, role, base_init_std=1.0, width_mult=a)
    second = tensor_scaling(arm, role, base_init_std=first.init_std, width_mult=b)
    once = tensor_scaling(arm, role, base_init_std=1.0, width_mult=a * b)

    assert math.isclose(second.init_std, once.init_std)
    assert math.isclose(first.forward_mult * second.forward_mult, once.forward_mult)
    assert math.isclose(first.lr_mult * second.lr_mult, once.lr_mult)


@given(width_mult=st.floats(0.1, 256))
def test_ntp_and_sp_differ_in_the_lr_only(width_mult):
    for role in Role:
        sp, ntp = (
            tensor_scaling(arm, role, base_init_std=1.0, width_mult=width_mult)
            for arm in (Parametrization.SP, Parametrization.NTP)
        )
        assert sp[:2] == ntp[:2]


@pytest.mark.parametrize(
    ("scale", "lr_mult"), [("match_rms_adamw", 0.5), ("original", 1.0), ("unit_rms", 1.0)]
)
def test_muon_scales_hidden_matrices_so_that_activations_move_by_as_much_at_every_width(scale, lr_mult):
    optimizer = OptimizerSpec.model_validate({"kind": "muon", "muon_scale": scale, "adam_lr_ratio": 0.25})

    hidden, last = (
        tensor_scaling(Parametrization.MUP, role, base_init_std=1.0, width_mult=4.0, optimizer=optimizer)
        for role in (Role.HIDDEN, Role.OUTPUT)
    )
    of_sp = tensor_scaling(
        Parametrization.SP, Role.HIDDEN, base_init_std=1.0, width_mult=4.0, optimizer=optimizer
    )

    # The RMS change of X W is ∝ factor(n, n) · lr_mult with an orthogonal W: the same at widths 1 and 4.
    factor = MuonScale(scale).factor
    assert factor(4, 4) * hidden.lr_mult == pytest.approx(factor(1, 1))
    assert (hidden.is_orthogonalised, hidden.lr_mult) == (True, lr_mult)
    assert (last.is_orthogonalised, last.lr_mult) == (False, 0.25)
    assert of_sp.lr_mult == 1.0


@pytest.mark.parametrize("arm", [Parametrization.MUP, Parametrization.NTP])
@pytest.mark.parametrize("role", [Role.INPUT, Role.HIDDEN, Role.OUTPUT, Role.QUERY, Role.BIAS])
def test_a_relative_step_is_as_large_as_adams_at_every_width(arm, role):
    adam, relative, plain = (
        tensor_scaling(arm, role, base_init_std=0.5, width_mult=16.0, optimizer=optimizer)
        for optimizer in (
            OptimizerSpec.model_validate("adam"),
            OptimizerSpec.model_validate("adafactor"),
            OptimizerSpec.model_validate({"kind": "adafactor", "scale_parameter": False}),
        )
    )

    # A relative step has the size of the weights, which is the initial one, as a factor.
    assert relative.lr_mult * relative.init_std / 0.5 == pytest.approx(adam.lr_mult)
    assert plain.lr_mult == adam.lr_mult


@pytest.mark.parametrize("role", [Role.INPUT, Role.HIDDEN, Role.OUTPUT])
def test_sp_has_one_rate_under_a_relative_step(role):
    optimizer = OptimizerSpec.model_validate("adafactor")
    scaling = tensor_scaling(Parametrization.SP, role, base_init_std=1.0, width_mult=4.0, optimizer=optimizer)

    assert scaling.lr_mult == 1.0
