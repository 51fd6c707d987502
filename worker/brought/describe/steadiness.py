"""Refusal of networks whose outputs depend on more than weights and inputs: random draws, hidden state."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from muscope.backend.errors import InvalidInput
from muscope.worker.brought.loading import BroughtModel


def require_steady(brought: BroughtModel, width: int, batch: Any) -> None:
    """Refuse a loss that a second call from another seed, or after the first, changes.

    Raises InvalidInput that names the buffer that holds state where there is one.
    """
    model = brought.build(width, 0)
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    with torch.no_grad():
        first, again = (_loss(brought, model, batch, width, seed) for seed in (0, 0))
        if not torch.equal(first, again):
            changed = [
                name for name, buffer in model.named_buffers() if not torch.equal(buffer, before[name])
            ]
            names = ", ".join(changed) or "-"
            raise InvalidInput("brought.keeps_state", buffers=names, width=width)
        other = _loss(brought, model, batch, width, 1)
    if not torch.equal(first, other):
        raise InvalidInput("brought.draws_at_random", width=width)


def _loss(brought: BroughtModel, model: Any, batch: Any, width: int, seed: int) -> Tensor:
    torch.manual_seed(seed)
    return brought.loss_of(model, batch, width).detach().clone()
