"""Models that fail in a cell, at a size that was not announced: one error that names what to mend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from muscope.backend.domain.lifecycle import FailureClass
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.errors import InvalidInput
from muscope.worker.child import classify
from muscope.worker.held_models import held_models
from muscope.worker.numerics.program import Window
from muscope.worker.numerics.trainer import train
from muscope.worker.training.brought_family import ModelFolder
from tests.worker.brought.test_training import PERCEPTRON
from tests.worker.brought.toys import write
from tests.worker.brought.trained import described, program

WIDTH = 24
# The network of PERCEPTRON, called through a forward pass of the test's own.
AROUND = (
    PERCEPTRON
    + """

class Around(nn.Sequential):
    def forward(self, x):
        return changed(self, super().forward(x))


plain = build


def build(width):
    return Around(*plain(width))
"""
)
# Ends in the middle of the backward pass: a statement follows.
IN_BACKWARD = (
    AROUND
    + """
import sys


def changed(net, y):
    return Broken.apply(y)


class Broken(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x.clone()

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, grad):
        """
)
FAILING = {
    "a tensor that appears": (
        PERCEPTRON + "\nplain = build\ndef build(width):\n    net = plain(width)\n"
        f"    net.late = nn.Linear(1, 1) if width == {WIDTH} else None\n    return net",
        "brought.other_tensors",
        {"tensor": "late.bias"},
    ),
    "a tensor of another shape": (
        PERCEPTRON
        + f"\nplain = build\ndef build(width):\n    return plain(32 if width == {WIDTH} else width)",
        "brought.other_shape",
        {"tensor": "0.weight", "given": "(32, 6)", "expected": f"({WIDTH}, 6)"},
    ),
    "a tensor that vanishes": (
        PERCEPTRON + "\nplain = build\ndef build(width):\n    net = plain(width)\n"
        f"    if width == {WIDTH}:\n        net[2].bias = None\n    return net",
        "brought.other_tensors",
        {"tensor": "2.bias"},
    ),
    "a build that fails at this size": (
        PERCEPTRON + "\nplain = build\ndef build(width):\n"
        f"    return plain(width) if width != {WIDTH} else plain(width // 0)",
        "brought.fails_at_width",
        {"function": "build", "error": "ZeroDivisionError"},
    ),
    "a build beyond the limit of memory": (
        PERCEPTRON + "\nplain = build\ndef build(width):\n"
        f"    return plain(width) if width != {WIDTH} else nn.Linear(1 << 19, 1 << 19)",
        "brought.cell_memory",
        {"model": "own", "limit_mib": 4096},
    ),
    "weights that are not finite": (
        PERCEPTRON + "\nplain = build\ndef build(width):\n    net = plain(width)\n"
        "    nn.init.constant_(net[2].weight, float('nan'))\n    return net",
        "brought.tensor_not_finite",
        {"tensor": "2.weight"},
    ),
    "outputs that are not finite": (
        AROUND + "\ndef changed(net, y):\n    return y / 0",
        "brought.not_finite",
        {},
    ),
    "random numbers that torch does not draw": (
        AROUND + "\nimport random\ndef changed(net, y):\n    return y + random.random()",
        "brought.not_repeatable",
        {},
    ),
    "state between passes": (
        AROUND + "\ncalls = []\ndef changed(net, y):\n    calls.append(1)\n    return y * len(calls)",
        "brought.not_repeatable",
        {},
    ),
    "dropout": (
        AROUND + "\ndef changed(net, y):\n    return torch.dropout(y, 0.5, train=True)",
        "brought.draws_at_random",
        {},
    ),
    "an exit in the forward pass": (
        AROUND + "\nimport sys\ndef changed(net, y):\n    sys.exit(4)",
        "brought.file_exits",
        {"function": "forward", "status": "4"},
    ),
    "memory beyond the limit": (
        AROUND + "\ndef changed(net, y):\n    return y + torch.ones(1 << 38).sum()",
        "brought.cell_memory",
        {"model": "own", "limit_mib": 4096},
    ),
    "a backward pass that fails": (
        IN_BACKWARD + "raise ValueError('no gradient here')",
        "brought.cell_fails",
        {"model": "own", "error": "ValueError", "message": "no gradient here"},
    ),
    "an exit in the backward pass": (
        IN_BACKWARD + "sys.exit(5)",
        "brought.cell_exits",
        {"model": "own", "status": "5"},
    ),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("plain"), PERCEPTRON, "own.py")


def train_as(text: str, plain: Path, folder: Path, **changes: Any) -> Window:
    """Train a cell of the announced network from a folder that holds `text` by now."""
    write(folder, text, "own.py")
    found, data = described(plain)
    family = found.family.model_copy(
        update={"sha256": held_models(folder)[0].sha256, "stacked_up_to": 64} | changes
    )
    planned = program(family, data, width=WIDTH)
    with ModelFolder(folder).family(planned, data) as bound:
        (window,) = train(planned, data, bound)
    return window


@pytest.mark.parametrize(("text", "code", "params"), FAILING.values(), ids=FAILING)
def test_a_failing_model_gets_one_error_that_names_tensor_and_size(
    plain: Path, tmp_path: Path, text: str, code: str, params: dict[str, object]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        train_as(text, plain, tmp_path)

    assert refused.value.code == code
    assert params.items() <= refused.value.params.items()
    assert refused.value.params.get("width", WIDTH) == WIDTH
    assert classify(refused.value) is FailureClass.MODEL


def test_a_network_that_torch_cannot_stack_at_this_size_trains_one_by_one(
    plain: Path, tmp_path: Path
) -> None:
    looking = AROUND + "\ndef changed(net, y):\n    return y if float(y.detach().sum()) < 1e30 else -y"

    stacked_in_vain = train_as(looking, plain, tmp_path)
    alone = train_as(PERCEPTRON, plain, tmp_path, stacked_up_to=0)

    assert (stacked_in_vain.values[Metric.TRAIN_LOSS] == alone.values[Metric.TRAIN_LOSS]).all()
