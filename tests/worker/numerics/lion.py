"""Lion, one tensor at a time, to hold the stacked one to."""

from __future__ import annotations

from typing import Any

import torch


class Lion(torch.optim.Optimizer):
    """Lion as in algorithm 2 of arXiv 2302.06675, written from the paper, one tensor at a time."""

    def __init__(self, groups: Any, betas: tuple[float, float] = (0.9, 0.99)) -> None:
        super().__init__(groups, {"betas": betas})

    @torch.no_grad()
    def step(self, _closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            (beta1, beta2), (weight,) = group["betas"], group["params"]
            mean = self.state[weight].setdefault("mean", torch.zeros_like(weight))
            signs = torch.sign(beta1 * mean + (1 - beta1) * weight.grad)
            weight -= group["lr"] * (signs + group["weight_decay"] * weight)
            self.state[weight]["mean"] = beta2 * mean + (1 - beta2) * weight.grad
