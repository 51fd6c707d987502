"""The transformers against torch's own attention and layer norm, and their hand-written derivatives against
automatic ones.
"""

import dataclasses

import pytest
import torch
from torch.nn import functional

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.transformer import GPT, NormKind, ViT
from muscope.worker.numerics.derivatives import Autograd
from muscope.worker.numerics.families import network_of as family_of
from muscope.worker.numerics.linalg.operators import flatten
from muscope.worker.numerics.losses import Targets
from muscope.worker.numerics.networks.transformer.derivatives import HandWrittenTransformer
from tests import cases
from tests.worker.numerics.networks_cases import FAMILY_CASES, FamilyCase, data_of, network_of

CASES = {
    "vit": FAMILY_CASES["vit"],
    "vit_without_norms": FamilyCase(ViT(num_heads=1, has_norm=False), 2),
    "vit_of_one_block": FamilyCase(ViT(num_heads=4, patch_size=2), 1),
    "gpt": FamilyCase(GPT(num_heads=2), 2, is_text=True),
    "gpt_rms": FamilyCase(GPT(num_heads=2, norm="rms"), 2, is_text=True),
    "gpt_tied": FamilyCase(GPT(num_heads=2, has_tied_embeddings=True), 1, is_text=True),
    "gpt_rms_tied": FamilyCase(GPT(num_heads=1, norm="rms", has_tied_embeddings=True), 2, is_text=True),
    "gpt_swiglu": FamilyCase(GPT(num_heads=2, activation="swiglu"), 1, is_text=True),
    "gpt_rotary_grouped": FamilyCase(GPT(num_heads=2, positions="rotary", num_kv_heads=1), 2, is_text=True),
    "gpt_of_all_options": FAMILY_CASES["gpt_modern"],
    "gpt_without_norms": FamilyCase(GPT(num_heads=1, has_norm=False), 1, is_text=True),
}
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def _has_parts_of_today(model):
    """Return whether a GPT has parts that `test_gpt_options.py` compares with a user's network."""
    return isinstance(model, GPT) and (model.is_gated or model.is_rotary or model.key_heads < model.num_heads)


PLAIN = {name: case for name, case in CASES.items() if not _has_parts_of_today(case.model)}


def _problem(case, dtype=torch.float64):
    network, params = network_of(case)
    network = dataclasses.replace(network, branch_mult=0.7)
    data = data_of(case, dtype)
    index = torch.arange(4)
    y = Targets(data.y_train, data.task, data.num_outputs, dtype).rows(index)
    return network, {name: weight.to(dtype) for name, weight in params.items()}, data.x_train[index], y


def _textbook(network, params, run, x):
    """Return the outputs of one run from torch's modules, weights multiplied as the table says."""
    w = {name: tensor[run] * network.scaling[name].forward_mult for name, tensor in params.items()}
    model, width = network.model, params["input"].shape[-1]

    def norm(name, h):
        if not model.has_norm:
            return h
        if model.norm_kind is NormKind.RMS:
            return functional.rms_norm(h, (width,), w[f"{name}_gain"][0], eps=1e-5)
        return functional.layer_norm(h, (width,), w[f"{name}_gain"][0], w[f"{name}_shift"][0])

    if x.dtype is torch.int64:
        h = functional.embedding(x, w["input"]) + w["position"]
    else:
        size, channels = model.patch_size, network.dims.image.channels
        image = x.view(len(x), network.dims.image.height, network.dims.image.width, channels)
        kernel = w["input"].view(size, size, channels, width).permute(3, 2, 0, 1)
        tiles = functional.conv2d(image.permute(0, 3, 1, 2), kernel, stride=size).flatten(2).mT
        h = torch.cat([w["class_token"].expand(len(x), 1, -1), tiles], dim=1) + w["position"]
    for block in range(network.depth):
        inside = norm(f"block_{block}_attention_norm", h)
        q, k, v = (
            (inside @ w[f"block_{block}_{part}"]).unflatten(-1, (model.num_heads, -1)).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        # The scale is in the query weights already.
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=x.dtype is torch.int64, scale=1.0)
        mixed = mixed.transpose(1, 2).flatten(2) @ w[f"block_{block}_attention_out"]
        h = h + network.branch_mult * mixed
        inner = functional.gelu(norm(f"block_{block}_mlp_norm", h) @ w[f"block_{block}_mlp_in"])
        h = h + network.branch_mult * (inner @ w[f"block_{block}_mlp_out"])
    h = norm("final_norm", h)
    readout = w["input"].mT * network.readout_mult if model.is_tied else w["output"]
    return (h.flatten(0, 1) if x.dtype is torch.int64 else h[:, 0]) @ readout


def _both(problem, apply, loss):
    network, params, x, y = problem
    x_RBD = x.expand(2, -1, -1)
    generator = torch.Generator().manual_seed(4)
    like = flatten(params)
    v_RP = torch.randn(like.shape, generator=generator, dtype=like.dtype)
    sides = []
    for derivatives in (HandWrittenTransformer(), Autograd(apply)):
        loss_R, gradients = derivatives.loss_and_gradients(network, params, x_RBD, y, loss)
        product_RP = derivatives.curvature(network, params, x_RBD, y, loss).matvec(v_RP)
        sides.append((loss_R, flatten({name: gradients[name] for name in params}), product_RP))
    return zip(*sides, strict=True)


@pytest.mark.parametrize("case", PLAIN.values(), ids=PLAIN)
def test_outputs_equal_those_of_torchs_modules(case):
    network, params, x, _ = _problem(case)

    f_RBC = family_of(case.model).apply(network, params, x.expand(2, -1, -1))

    for run in range(2):
        torch.testing.assert_close(f_RBC[run], _textbook(network, params, run, x), rtol=1e-11, atol=1e-12)


@every_case
@pytest.mark.parametrize("loss", cases.LOSSES)
def test_hand_written_derivatives_equal_automatic_ones_in_float64(case, loss):
    for hand_written, automatic in _both(_problem(case), family_of(case.model).apply, loss):
        scale = float(automatic.abs().max())
        torch.testing.assert_close(hand_written, automatic, rtol=1e-10, atol=1e-11 * scale)


@every_case
def test_hand_written_derivatives_equal_automatic_ones_in_float32(case):
    problem = _problem(case, torch.float32)
    for hand_written, automatic in _both(problem, family_of(case.model).apply, Loss.CROSS_ENTROPY):
        scale = float(automatic.abs().max())
        torch.testing.assert_close(hand_written, automatic, rtol=1e-5, atol=1e-5 * scale)


@every_case
def test_selecting_runs_selects_their_products(case):
    network, params, x, y = _problem(case)
    curvature = HandWrittenTransformer().curvature(
        network, params, x.expand(2, -1, -1), y, Loss.CROSS_ENTROPY
    )
    like = flatten(params)
    v_RP = torch.linspace(-1, 1, like.numel(), dtype=like.dtype).view_as(like)

    both_RP = curvature.matvec(v_RP)
    swapped_RP = curvature.select(torch.tensor([1, 0, 1])).matvec(v_RP[[1, 0, 1]])

    torch.testing.assert_close(swapped_RP, both_RP[[1, 0, 1]], rtol=1e-12, atol=1e-13)
