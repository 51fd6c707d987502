"""Networks whose loss depends on more than weights and inputs: each is refused, with the buffer named."""

from __future__ import annotations

from pathlib import Path

import pytest

from muscope.backend.errors import InvalidInput
from muscope.worker.brought.describe.steadiness import require_steady
from muscope.worker.brought.loading import load_model
from tests.worker.brought.toys import write

COUNTING = """
import torch
from torch import nn


class Counting(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first, self.last = nn.Linear(3, width), nn.Linear(width, 2)
        self.register_buffer("num_calls", torch.zeros(()))
        self.register_buffer("unused", torch.zeros(()))

    def forward(self, x):
        CHANGE
        return self.last(self.first(x)) * factor


def build(width):
    return Counting(width)


def batches(split, seed):
    yield torch.ones(4, 3), torch.zeros(4, dtype=torch.long)
"""
CASES = {
    "a buffer that counts and is used": (
        "self.num_calls += 1; factor = self.num_calls",
        "brought.keeps_state",
        {"buffers": "num_calls"},
    ),
    "a buffer that counts and is not": ("self.num_calls += 1; factor = 1.0", None, {}),
    "numbers drawn by torch": ("factor = torch.rand(())", "brought.draws_at_random", {}),
}


@pytest.mark.parametrize(("change", "code", "params"), CASES.values(), ids=CASES)
def test_only_what_changes_the_loss_is_refused(
    tmp_path: Path, change: str, code: str | None, params: dict[str, object]
) -> None:
    brought = load_model(write(tmp_path, COUNTING.replace("CHANGE", change)))
    batch = brought.batch(0)
    if code is None:
        require_steady(brought, 8, batch)
        return

    with pytest.raises(InvalidInput) as refused:
        require_steady(brought, 8, batch)

    assert refused.value.code == code
    assert {"width": 8, **params}.items() <= refused.value.params.items()
