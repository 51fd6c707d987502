"""The guides for contributors: their examples are code that runs, and the files they name exist."""

import re
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from muscope.backend.domain.spec import dataset
from muscope.backend.domain.spec import optimizer as optimizers
from muscope.backend.domain.spec.families import base, convnet, residual_mlp
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization, TensorScaling
from muscope.backend.domain.spec.scaling.scaling_table import scaling_table
from muscope.worker.numerics import network
from muscope.worker.numerics.optimizers import update
from muscope.worker.numerics.optimizers.update import DIRECTIONS, Update, initial_moments

ROOT = Path(__file__).resolve().parents[3]
GUIDES = sorted((ROOT / "docs/guides").glob("*.md"))
MADE_BY_THE_EXAMPLE = {"backend/domain/spec/families/linear.py", "worker/numerics/networks/linear.py"}


def _example(guide: str, *modules: ModuleType) -> dict[str, Any]:
    """Return what a guide's Python defines, with the names of `modules` as its imports."""
    names: dict[str, Any] = {}
    for module in modules:
        names |= vars(module)
    names["__name__"] = "example"
    parts = (ROOT / "docs/guides" / guide).read_text(encoding="utf-8").split("```")
    for part in parts[1::2]:
        language, _, code = part.partition("\n")
        if language == "python":
            exec(textwrap.dedent(code), names)
    return names


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_the_files_that_a_guide_names_exist(guide):
    text = guide.read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w-]+(?:/[\w.-]+)+)`", text))
    # Of a file that the example makes, the folder is there.
    paths = {str(Path(path).parent) if path in MADE_BY_THE_EXAMPLE else path for path in named}
    scripts = set(re.findall(r"`(\w+\.js)`", text))

    assert paths
    assert {path for path in paths if not (ROOT / path).exists()} == set()
    assert scripts <= {path.name for path in (ROOT / "frontend/js").rglob("*.js")}


def test_the_sign_descent_of_the_guide_is_adam_without_memory(monkeypatch):
    example = _example("add-an-optimizer.md", optimizers, update)
    scaling = {"a": TensorScaling(1.0, 1.0, 0.5)}
    gradient = torch.linspace(-1, 1, 12, dtype=torch.float64).view(1, 4, 3)
    lr_R11 = torch.full((1, 1, 1), 0.25, dtype=torch.float64)

    def moved(spec: OptimizerSpec) -> torch.Tensor:
        params = {"a": torch.ones(1, 4, 3, dtype=torch.float64)}
        Update(spec, scaling, 1).apply_(params, {"a": gradient}, initial_moments(spec, params), lr_R11, 0)
        return params["a"]

    adam = moved(OptimizerSpec(kind=OptimizerKind.ADAM, beta1=0.0, beta2=0.0, epsilon=0.0))
    monkeypatch.setitem(DIRECTIONS, OptimizerKind.SGD, example["sign_direction"])
    sign = moved(OptimizerSpec())

    torch.testing.assert_close(sign, adam)
    assert example["SIGN_TRAITS"].family is OptimizerSpec(kind=OptimizerKind.ADAM).family


def test_the_linear_net_of_the_guide_computes_what_it_says():
    example = _example("add-a-model-family.md", dataset, base, convnet, residual_mlp, network)
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
