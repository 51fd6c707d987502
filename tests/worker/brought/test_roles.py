"""Roles: what each kind of tensor is found to be, and what is asked instead of guessed."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from muscope.backend.domain.spec.tensor_role import TensorRole
from muscope.backend.errors import MuscopeError
from muscope.worker.brought.check.sweep import measure
from muscope.worker.brought.loading import BroughtModel
from muscope.worker.brought.roles import infer_roles
from muscope.worker.brought.structure import run_pass
from tests.worker.brought.asking import codes, question, report_of
from tests.worker.brought.toys import NETWORK, write

WIDTHS = (12, 16, 28)


def roles_of(build, batch, tmp_path):
    models = {width: build(width) for width in WIDTHS}
    brought = BroughtModel(tmp_path, {})
    traced = run_pass(brought, models[WIDTHS[0]], batch, WIDTHS[0])
    return {row.name: row for row in infer_roles(models, traced)}, traced


class Grouped(nn.Module):
    """Attention with one head of keys and values whatever the width, heads of 4."""

    def __init__(self, width):
        super().__init__()
        self.embed = nn.Embedding(7, width)
        self.queries = nn.Linear(width, width, bias=False)
        self.keys, self.values = nn.Linear(width, 4, bias=False), nn.Linear(width, 4, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, tokens):
        h = self.embed(tokens)
        q = self.queries(h).unflatten(-1, (-1, 4)).transpose(1, 2)
        k, v = self.keys(h)[:, None], self.values(h)[:, None]
        logits = q @ k.transpose(-1, -2) * 0.5
        mixed = torch.softmax(logits, -1) @ v
        h = h + self.out(mixed.transpose(1, 2).flatten(2))
        h = h * torch.rsqrt(h.square().mean(-1, keepdim=True)) * self.gain
        return h @ self.embed.weight.T / 3


def tokens():
    drawn = torch.randint(0, 7, (3, 5), generator=torch.Generator().manual_seed(0))
    return drawn, drawn


def test_attention_with_few_keys_and_a_tied_output(tmp_path):
    rows, traced = roles_of(Grouped, tokens(), tmp_path)

    assert {name: row.role for name, row in rows.items()} == {
        "embed.weight": TensorRole.TIED,
        "queries.weight": TensorRole.HIDDEN,
        "keys.weight": TensorRole.BOTTLENECK,
        "values.weight": TensorRole.BOTTLENECK,
        "out.weight": TensorRole.HIDDEN,
        "gain": TensorRole.NORM,
    }
    site = traced.attention[0]
    assert (set(site.tensors), site.head_dim, site.scale) == ({"queries.weight", "keys.weight"}, 4, 0.5)
    output = [placed for placed in traced.factors if placed.is_of_output]
    assert [(placed.tensor, round(placed.factor.value, 3)) for placed in output] == [("embed.weight", 0.333)]
    assert site.place.startswith("test_roles.py:")


class Images(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, bias=False)
        self.norm = nn.GroupNorm(2, width)
        self.depthwise = nn.Conv2d(width, width, 3, groups=width, bias=False)
        self.up = nn.ConvTranspose2d(width, 2 * width, 2)
        self.rows = nn.ParameterList([torch.randn(2 * width, width) for _ in range(2)])
        self.head = nn.Linear(width, 5)
        self.temperature = nn.Parameter(torch.ones(()))

    def forward(self, x):
        h = self.up(self.depthwise(torch.relu(self.norm(self.first(x)))))
        h = h.mean((2, 3)) @ self.rows[0] + torch.einsum("bi,ij->bj", h.amax((2, 3)), self.rows[1])
        return self.head(h) * self.temperature


def test_convolutions_and_parameters_in_lists(tmp_path):
    batch = (torch.randn(2, 3, 8, 8), torch.tensor([0, 1]))

    rows, _ = roles_of(Images, batch, tmp_path)

    assert {name: row.role for name, row in rows.items()} == {
        "first.weight": TensorRole.INPUT,
        "norm.weight": TensorRole.NORM,
        "norm.bias": TensorRole.BIAS,
        "depthwise.weight": TensorRole.EXPANSION,
        "up.weight": TensorRole.HIDDEN,
        "up.bias": TensorRole.BIAS,
        "rows.0": TensorRole.HIDDEN,
        "rows.1": TensorRole.HIDDEN,
        "head.weight": TensorRole.OUTPUT,
        "head.bias": TensorRole.FIXED,
        "temperature": TensorRole.FIXED,
    }
    assert (rows["up.weight"].fan_in, rows["rows.0"].fan_in, rows["rows.0"].fan_out) == (12, 24, 12)


class Sequence(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = nn.LSTM(3, width, num_layers=2, batch_first=True)
        self.head = nn.Linear(width, 1)

    def forward(self, x):
        return self.head(self.layers(x)[0][:, -1])


def test_recurrent_layers(tmp_path):
    rows, _ = roles_of(Sequence, (torch.randn(2, 4, 3), torch.randn(2, 1)), tmp_path)

    found = {name: row.role for name, row in rows.items() if "weight" in name}
    assert found == {
        "layers.weight_ih_l0": TensorRole.INPUT,
        "layers.weight_hh_l0": TensorRole.HIDDEN,
        "layers.weight_ih_l1": TensorRole.HIDDEN,
        "layers.weight_hh_l1": TensorRole.HIDDEN,
        "head.weight": TensorRole.OUTPUT,
    }


def test_the_library_own_attention(tmp_path):
    def build(width):
        return nn.Sequential(
            nn.Linear(3, width), nn.TransformerEncoderLayer(width, 2, width), nn.Linear(width, 1)
        )

    rows, traced = roles_of(build, (torch.randn(2, 4, 3), torch.randn(2, 4, 1)), tmp_path)

    assert rows["1.self_attn.in_proj_weight"].role is TensorRole.HIDDEN
    assert rows["1.self_attn.out_proj.weight"].role is TensorRole.HIDDEN
    assert traced.attention[0].head_dim == WIDTHS[0] // 2


def test_a_rounded_size_is_asked_about(tmp_path):
    def build(width):
        rounded = -(-3 * width // 32) * 32
        return nn.Sequential(nn.Linear(3, width), nn.Linear(width, rounded), nn.Linear(rounded, 1))

    rows, _ = roles_of(build, (torch.randn(2, 3), torch.randn(2, 1)), tmp_path)

    assert (rows["1.weight"].role, rows["1.weight"].question) == (TensorRole.UNKNOWN, "not_proportional")


def test_a_tensor_of_an_operation_that_cannot_be_followed_is_asked_about(tmp_path):
    class Odd(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.first, self.head = nn.Linear(3, width), nn.Linear(width, 1)
            self.mix = nn.Parameter(torch.randn(width, width))
            self.unused = nn.Parameter(torch.randn(width, width))

        def forward(self, x):
            h = self.first(x)
            return self.head(nn.functional.bilinear(h, h, self.mix[None].expand(h.shape[-1], -1, -1)))

    rows, _ = roles_of(Odd, (torch.randn(2, 3), torch.randn(2, 1)), tmp_path)

    assert (rows["mix"].role, rows["mix"].question) == (TensorRole.UNKNOWN, "unknown_use")
    assert (rows["unused"].role, rows["unused"].question) == (TensorRole.UNKNOWN, "not_used")


def test_a_recipe_answers_what_was_asked_and_is_held_against_the_model(tmp_path):
    path = write(tmp_path, NETWORK)
    roles = {row.name: {"role": row.role.value} for row in measure(question(path)).rows}
    recipe = tmp_path / "recipe.json"

    recipe.write_text(json.dumps({"muscope_recipe": 1, "tensors": roles}))
    assert codes(report_of(path, recipe=recipe)) == {}

    wrong = roles | {"down.weight": {"role": "output"}}
    recipe.write_text(json.dumps({"muscope_recipe": 1, "tensors": wrong}))
    assert codes(report_of(path, recipe=recipe))["down.weight"] == "recipe_disagrees"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda tensors: tensors.pop("down.weight"), "brought.recipe_lacks_tensor"),
        (lambda tensors: tensors.update({"other": {"role": "bias"}}), "brought.recipe_unknown_tensor"),
        (lambda tensors: tensors.update({"down.weight": {"role": "wide"}}), "brought.recipe_role"),
        (lambda tensors: tensors.update({"down.weight": 3}), "brought.recipe_unreadable"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused(tmp_path, change, code):
    path = write(tmp_path, NETWORK)
    tensors = {row.name: {"role": row.role.value} for row in measure(question(path)).rows}
    change(tensors)
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps({"muscope_recipe": 1, "tensors": tensors}))

    with pytest.raises(MuscopeError) as refused:
        measure(question(path, recipe=recipe))

    assert refused.value.code == code
