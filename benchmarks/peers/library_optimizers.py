"""Weights after steps of libraries' optimizers on one matrix, in float64."""

from __future__ import annotations

from typing import Any

import torch
from lion_pytorch import Lion
from muon import SingleDeviceMuon
from serve import serve
from torch import Tensor
from torch_optimizer import Adafactor

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "torch SGD": torch.optim.SGD,
    "torch Adam": torch.optim.Adam,
    "torch AdamW": torch.optim.AdamW,
    "torch Muon": torch.optim.Muon,
    "muon-optimizer": SingleDeviceMuon,
    "lion-pytorch": Lion,
    "torch Adafactor": torch.optim.Adafactor,
    "torch-optimizer Adafactor": Adafactor,
}


def steps(
    library: str, weights: list[list[float]], num_steps: int, options: dict[str, Any]
) -> dict[str, Any]:
    """Return the matrix [n_out, n_in] after steps down Σ ¼ w⁴ + cos w."""
    weight = torch.tensor(weights, dtype=torch.float64)
    if "betas" in options:
        options["betas"] = tuple(options["betas"])
    optimizer = OPTIMIZERS[library]([weight], **options)
    for _ in range(num_steps):
        weight.grad = weight**3 - weight.sin()
        optimizer.step()
    return {"weights": weight.tolist()}


if __name__ == "__main__":
    # Libraries of Muon round to bfloat16 inside the iteration, which hides whether steps are the same.
    Tensor.bfloat16 = Tensor.clone  # type: ignore[method-assign]
    serve(steps=steps)
