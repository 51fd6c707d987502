"""Layers that get an adapter, and the weights that stay below them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.errors import InvalidInput
from tests.worker.brought.frozen import FILE, RUNS, WIDTH, adapted, planned
from tests.worker.brought.toys import write
from tests.worker.brought.trained import described, trained

TIED = """
import torch
from torch import nn

sizes = (8, 16, 24, 32)


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.embedding = nn.Embedding(11, width)
        self.body = nn.Linear(width, width)
        self.head = nn.Linear(width, 11, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, x):
        return self.head(torch.relu(self.body(self.embedding(x)))) / 8


def build(width):
    return Net(width)


def pretrained(width):
    state = Net(width).state_dict()
    del state["head.weight"]  # as files without duplicates have it
    return state


def batches(split, seed):
    drawn = torch.Generator().manual_seed(seed + (split == "val"))
    for _ in range(4):
        x = torch.randint(0, 11, (16, 5), generator=drawn)
        yield x, (x + 1) % 11
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("adapted"), FILE)


def test_layers_without_an_adapter_are_named_with_their_kind(file: Path) -> None:
    found, _ = described(file)
    known = next(each for each in found.adaptable if each.width == WIDTH)
    assert [layer.name for layer in known.layers] == ["up", "out"]
    assert set(known.others) == {
        "conv (Conv1d)",
        "mixed (Linear)",  # its matrix is read without a call
        "norm (LayerNorm)",
    }


def test_other_weights_than_those_announced_are_refused(file: Path) -> None:
    found, data = described(file)
    model = adapted(found).model_copy(update={"weights_sha256": "0" * 64})
    with pytest.raises(InvalidInput) as refused:
        trained(file, planned(model, data), data)
    assert refused.value.code == "brought.other_weights"


@pytest.mark.parametrize(
    ("weights", "code", "tensor"),
    [
        ("{}", "brought.weights_do_not_fit", "conv.weight"),
        (
            "Net(width).state_dict() | {'head.weight': torch.zeros(1)}",
            "brought.weights_do_not_fit",
            "head.weight",
        ),
        ("[1]", "brought.weights_not_mapping", None),
        (
            "{k: v / 0 for k, v in Net(width).state_dict().items()}",
            "brought.tensor_not_finite",
            "conv.weight",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused_by_name(
    tmp_path: Path, weights: str, code: str, tensor: str | None
) -> None:
    head, _, tail = FILE.partition("def pretrained(width):")
    rest = tail[tail.index("def batches") :]
    path = write(tmp_path, f"{head}def pretrained(width):\n    return {weights}\n\n\n{rest}")
    with pytest.raises(InvalidInput) as refused:
        described(path)
    assert refused.value.code == code
    assert tensor is None or refused.value.params["tensor"] == tensor


def test_of_a_tied_matrix_the_layer_gets_an_adapter_and_the_embedding_stays(tmp_path: Path) -> None:
    path = write(tmp_path, TIED)
    found, data = described(path)
    known = next(each for each in found.adaptable if each.width == WIDTH)
    assert [(layer.name, layer.is_tied) for layer in known.layers] == [("body", False), ("head", True)]
    assert known.others == ("embedding (Embedding)",)
    model = adapted(found, targets=("head",))
    losses = trained(path, planned(model, data, rank=4, runs=RUNS[-1:]), data).values[Metric.TRAIN_LOSS]
    assert np.isfinite(losses).all()
    assert losses[-1, 0] < losses[0, 0]
