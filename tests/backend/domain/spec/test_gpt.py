"""Options of the GPT: old specs keep their hash, and each option changes what it says."""

import pytest

from muscope.backend.analysis.measures.expected_slopes import expected_slope
from muscope.backend.domain.spec.coordinates import Part
from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.families.transformer import GPT
from muscope.backend.domain.spec.parametrization import Parametrization, Role
from muscope.backend.errors import InvalidInput
from tests.backend.domain.specs import SPEC

DIMS = DataDims(16, 11, is_text=True)
OPTIONS = {
    "norm": "rms",
    "has_tied_embeddings": True,
    "activation": "swiglu",
    "positions": "rotary",
    "num_kv_heads": 1,
}


def hash_of(**options: object) -> str:
    return SPEC.model_copy(update={"model": GPT.model_validate(options)}).sha256()


def test_a_gpt_of_before_its_options_has_the_hash_of_then():
    assert hash_of() == "1063d510eb0afcad0af257760b1ae624577f530f1b2a2ec94961b4639dc8c2b1"
    old = hash_of(num_heads=2, has_norm=False)
    assert old == "b1385e8985d02b7e0d8045b79af2ae616cd7238d45a39c752287bd23cb17b966"


def test_every_option_changes_the_hash():
    hashes = {hash_of(**{name: value}) for name, value in OPTIONS.items()}

    assert len(hashes | {hash_of()}) == len(OPTIONS) + 1


def test_rms_norms_have_gains_and_no_shifts():
    tensors = GPT(norm="rms").tensors(DIMS, 8, 2)

    assert sum(tensor.role is Role.NORM for tensor in tensors.values()) == 5
    assert not any(tensor.role is Role.BIAS for tensor in tensors.values())


def test_a_gate_is_a_third_matrix_and_rotary_positions_have_none():
    before = set(GPT().tensors(DIMS, 8, 1))

    assert set(GPT(activation="swiglu").tensors(DIMS, 8, 1)) - before == {"block_0_mlp_gate"}
    assert before - set(GPT(positions="rotary").tensors(DIMS, 8, 1)) == {"position"}


def test_keys_of_fewer_heads_are_hidden_matrices_with_the_head_width_of_queries():
    grouped = GPT(num_heads=4, num_kv_heads=2)

    for width in (16, 64):
        tensors = grouped.tensors(DIMS, width, 1)
        for name in ("block_0_key", "block_0_value"):
            assert tensors[name].shape == (width, width // 2)
            assert tensors[name].role is Role.HIDDEN
    assert grouped.forward_flops(DIMS, 64, 1) < GPT().forward_flops(DIMS, 64, 1)
    assert GPT(num_kv_heads=4).tensors(DIMS, 16, 1) == GPT().tensors(DIMS, 16, 1)


@pytest.mark.parametrize(
    ("options", "width", "code"),
    [
        ({"num_heads": 4, "num_kv_heads": 3}, 16, "spec.kv_heads_do_not_divide"),
        ({"num_heads": 4, "num_kv_heads": 8}, 16, "spec.kv_heads_do_not_divide"),
        ({"num_heads": 4, "positions": "rotary"}, 12, "spec.rotary_needs_even_heads"),
        ({"norm": "rms", "has_norm": False}, 16, "spec.norm_without_norms"),
    ],
)
def test_heads_that_cannot_be_are_refused_by_name(options, width, code):
    with pytest.raises(InvalidInput) as refused:
        GPT.model_validate(options).require_size(DIMS, width, 1)

    assert refused.value.code == code


def test_a_tied_readout_has_no_tensor_and_a_multiplier_that_falls_with_width_under_mup():
    tied = GPT(has_tied_embeddings=True)

    assert set(GPT().tensors(DIMS, 8, 1)) - set(tied.tensors(DIMS, 8, 1)) == {"output"}
    at_base = tied.readout_mult(Parametrization.SP, width=8, base_width=8)
    assert at_base == pytest.approx(8**-0.5 / 0.5**0.5)
    for arm, power in ((Parametrization.MUP, 1.0), (Parametrization.SP, 0.5), (Parametrization.NTP, 0.5)):
        assert tied.readout_mult(arm, width=32, base_width=8) == pytest.approx(at_base * 4**-power)
    assert GPT().readout_mult(Parametrization.MUP, width=32, base_width=8) == 1.0


def test_initial_outputs_of_a_tied_readout_may_keep_the_part_of_their_own_token():
    tied = expected_slope(Parametrization.MUP, Part.OUTPUT, 0, has_tied_readout=True)

    assert tied is not None
    assert (tied.low, tied.high) == (-0.5, 0.0)
    assert expected_slope(Parametrization.MUP, Part.OUTPUT, 2, has_tied_readout=True) == expected_slope(
        Parametrization.MUP, Part.OUTPUT, 2
    )
