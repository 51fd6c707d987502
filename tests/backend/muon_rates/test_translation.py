"""Rates of Muon in other libraries' conventions, held to the libraries that come with torch."""

from __future__ import annotations

import json

import pytest
import torch

from muscope.backend.cli import main
from muscope.backend.domain.brought.muon_conventions import CONVENTIONS, needs_several_rates, translate
from muscope.backend.errors import InvalidInput

SHAPES = ((64, 16), (16, 64), (32, 32))


def torch_step(convention: str, shape: tuple[int, int], lr: float, weight_decay: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    weight = torch.randn(shape, generator=generator)
    weight.grad = torch.randn(shape, generator=generator)
    mode = convention.removeprefix("torch:")
    torch.optim.Muon([weight], lr=lr, weight_decay=weight_decay, adjust_lr_fn=mode).step()
    return weight


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("modes", [("original", "match_rms_adamw"), ("match_rms_adamw", "original")])
def test_the_translated_rates_make_the_same_step_in_torch(shape, modes):
    source, target = (f"torch:{mode}" for mode in modes)
    (rate,) = translate(source, target, lr=0.02, weight_decay=0.3, shapes=(shape,))

    before = torch_step(source, shape, 0.02, 0.3)
    after = torch_step(target, shape, rate.lr, rate.weight_decay)

    torch.testing.assert_close(after, before, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_there_and_back_is_the_rate_that_was_given(convention):
    for rate in translate("keller-jordan", convention, lr=0.02, weight_decay=0.1, shapes=SHAPES):
        (back,) = translate(
            convention, "keller-jordan", lr=rate.lr, weight_decay=rate.weight_decay, shapes=(rate.shape,)
        )
        assert back[2:] == pytest.approx((0.02, 0.1))
        assert rate.lr * rate.weight_decay == pytest.approx(0.002)  # the decay of a step stays


def test_from_jordans_to_moonlights_the_factor_is_five_over_the_root_of_the_inputs():
    rates = translate("keller-jordan", "moonlight", lr=1.0, weight_decay=0.0, shapes=SHAPES)

    assert [rate.factor for rate in rates] == pytest.approx([5 / 16**0.5, 5 / 64**0.5, 5 / 32**0.5])
    assert needs_several_rates(rates)
    assert not needs_several_rates(translate("keller-jordan", "optax", lr=1.0, weight_decay=0, shapes=SHAPES))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"source": "Muon"}, "muon.convention"),
        ({"lr": 0.0}, "muon.rates"),
        ({"lr": float("nan")}, "muon.rates"),
        ({"weight_decay": -1.0}, "muon.rates"),
        ({"shapes": ()}, "muon.shapes"),
        ({"shapes": ((0, 3),)}, "muon.shapes"),
    ],
)
def test_an_unknown_convention_and_numbers_out_of_range_are_named(changes, code):
    good = {"source": "optax", "target": "scion", "lr": 0.1, "weight_decay": 0.0, "shapes": SHAPES}

    with pytest.raises(InvalidInput) as refused:
        translate(**(good | changes))

    assert refused.value.code == code


def test_the_command_says_that_shapes_need_groups_of_their_own(capsys):
    rates = ["--lr", "0.02", "--from", "keller-jordan", "--to", "moonlight"]
    command = ["translate-lr", *rates, "1024x256", "4096x1024"]

    assert main([*command, "--language", "en"]) == 0
    assert "1024x256: learning rate 0.00625" in (told := capsys.readouterr().out)
    assert "a parameter group of its own" in told
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["needs_several_rates"] is True
