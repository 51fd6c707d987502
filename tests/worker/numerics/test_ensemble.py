from __future__ import annotations

import pytest
import torch

from muscope.worker.numerics.ensemble import Stack, runs_of_mlp, stack_slices


@pytest.mark.parametrize(
    ("width", "sizes"),
    [(32, [32, 13]), (64, [32, 13]), (128, [16, 16, 13]), (256, [6] * 7 + [3]), (512, [3] * 15)],
)
def test_wider_runs_are_stacked_in_smaller_numbers(width, sizes):
    slices = stack_slices(45, runs_of_mlp(width))

    assert [len(part) for part in slices] == sizes
    assert [position for part in slices for position in part] == list(range(45))


def test_any_other_device_takes_a_whole_cell_at_once():
    assert stack_slices(45, 3, "cuda") == [range(45)]


def test_kept_runs_remember_where_they_began():
    params = {"w": torch.arange(4.0)[:, None, None]}
    stack = Stack.begin(params, {}, [0.1, 0.2, 0.3, 0.4], [7, 8, 7, 8])

    kept = stack.keep([1, 3]).keep([1])

    assert (kept.columns, kept.seeds) == ((3,), (8,))
    assert kept.params["w"].item() == 3.0
    assert kept.lr_R11.item() == pytest.approx(0.4)
