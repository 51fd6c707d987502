"""Work of a forward pass of a brought network, counted."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from muscope.backend.domain.spec.families.brought import Work
from muscope.worker.brought.prepare import Prepared
from muscope.worker.brought.training.examples import leaves_of


def work_of(prepared: Prepared, batch: Any) -> tuple[Work, ...]:
    """Return flops and stored numbers of one example at every width that was looked at."""
    num_examples = len(leaves_of(batch)[0][0])
    found = []
    for width in prepared.widths:
        model = prepared.brought.build(width, 0)
        stored: dict[tuple[int, int], int] = {}

        def keep(tensor: Tensor, stored: dict[tuple[int, int], int] = stored) -> Tensor:
            stored[tensor.data_ptr(), tensor.numel()] = tensor.numel()
            return tensor

        counter = FlopCounterMode(display=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about operations that it cannot count
            with counter, torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
                prepared.brought.loss(model, batch, width)
        found.append(
            Work(
                width=width,
                flops=counter.get_total_flops() / num_examples,
                numbers=max(1, sum(stored.values()) // num_examples),
            )
        )
    return tuple(found)
