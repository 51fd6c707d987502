"""The worked example of CONTRIBUTING.md is code that runs."""

import textwrap
from pathlib import Path
from typing import Any

import torch

from backend.domain import dataset
from backend.domain.families import base, convnet, residual_mlp
from backend.domain.parametrization import Parametrization
from worker.numerics import network
from worker.numerics.scaling import scaling_table

GUIDE = Path(__file__).resolve().parents[3] / "CONTRIBUTING.md"


def _example() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "example"}
    for module in (dataset, base, convnet, residual_mlp, network):
        names |= vars(module) | {"__name__": "example"}
    parts = GUIDE.read_text(encoding="utf-8").split("```")
    for part in parts[1::2]:
        language, _, code = part.partition("\n")
        if language == "python":
            exec(textwrap.dedent(code), names)
    return names


def test_the_linear_net_of_the_guide_computes_what_it_says():
    example = _example()
    model, dims, width = example["LinearNet"](), dataset.DataDims(5, 3), 8
    tensors = model.tensors(dims, width, 1)
    scaling = scaling_table(Parametrization.MUP, dims=dims, width=width, depth=1, base_width=4, model=model)
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    params = network.init(shapes, scaling, spec_seed=0, seeds=(0,), dtype=torch.float64)
    x_RBD = torch.linspace(-1, 1, 20, dtype=torch.float64).view(1, 4, 5)

    f_RBC = example["apply_linear"](network.Network(scaling, 1, 1.0, model, dims), params, x_RBD)

    expected = 0.5 * (x_RBD @ params["input"] @ params["output"])  # µP divides the output by width / base
    torch.testing.assert_close(f_RBC, expected)
    assert model.num_parameters(dims, width, 1) == 5 * 8 + 8 * 3
