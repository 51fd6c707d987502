"""User loop of the other families: `mup`'s SGD, PyHessian at its defaults, as it comes or tuned.

Tuned is what a careful user sets: convolutions channels-last; products of attention models through oneDNN
and attention by the math kernel. PyHessian needs the math kernel in any case: fused ones have no second
derivative.
"""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
import torch
from family_networks import CHANNELS, SIDE, Net, build
from mup import MuSGD
from pyhessian import hessian
from pyhessian.utils import hessian_vector_product
from serve import serve
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from user_loop import exact_value, train_step


@dataclass
class Loop:
    """Model in training."""

    model: Net
    optimizer: torch.optim.Optimizer
    x: Tensor
    y: Tensor
    probe: Tensor
    batch: int
    is_tuned: bool
    is_attention: bool
    generator: torch.Generator
    order: Tensor
    step: int = 0

    def value(self) -> tuple[float, int]:
        """Return PyHessian's largest eigenvalue on the probe batch, and how many products it took."""
        data = self.x[self.probe], self.y[self.probe].flatten()
        # The package has a class where its module's name would be.
        module = sys.modules[hessian.__module__]
        counted = mock.patch.object(module, "hessian_vector_product", wraps=hessian_vector_product)
        with sdpa_kernel(SDPBackend.MATH), counted as products:
            made = hessian(self.model, nn.CrossEntropyLoss(), data=data, cuda=False)
            found, _ = made.eigenvalues()
        return float(found[0]), products.call_count

    def exact(self) -> float:
        """Return λ_max by SciPy's Lanczos on float64 products."""
        with sdpa_kernel(SDPBackend.MATH):
            value: float = exact_value(self.model, self.x[self.probe], self.y[self.probe].flatten())
        return value

    def train(self, steps: int) -> None:
        """Update `steps` times, as a loop that watches for divergence must."""
        num_batches = len(self.x) // self.batch
        criterion = nn.CrossEntropyLoss()
        kernel = sdpa_kernel(SDPBackend.MATH) if self.is_tuned and self.is_attention else nullcontext()
        with kernel:
            for _ in range(steps):
                i = self.step % num_batches
                if i == 0:
                    self.order = torch.randperm(len(self.x), generator=self.generator)
                index = self.order[i * self.batch :][: self.batch]
                train_step(self.model, self.optimizer, criterion, self.x[index], self.y[index].flatten())
                self.step += 1


LOOPS: dict[str, Loop] = {}


def begin(
    name: str, data: str, family: str, width: int, depth: int, lr: float, seed: int, batch: int, tuned: bool
) -> dict[str, Any]:
    """Start a model under a name, in the place of the one that had it."""
    arrays = np.load(data)
    x, y, probe = (torch.from_numpy(arrays[part]) for part in ("x", "y", "probe"))
    if family == "gpt":
        x = x.long()
    else:
        x = x.float().view(-1, SIDE, SIDE, CHANNELS).permute(0, 3, 1, 2).contiguous()
    model = build(family, width, depth, seed)
    optimizer = MuSGD(model.parameters(), lr=lr)
    if tuned and family == "conv":
        # In place: the optimizer and mup go on with the same parameters.
        model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    generator = torch.Generator().manual_seed(seed)
    empty = torch.empty(0, dtype=torch.int64)
    LOOPS[name] = Loop(model, optimizer, x, y.long(), probe, batch, tuned, family != "conv", generator, empty)
    return {}


def warm_up(name: str, steps: int) -> dict[str, Any]:
    """Take steps outside the timing."""
    _choose_kernels(LOOPS[name])
    LOOPS[name].train(steps)
    return {}


def advance(name: str, steps: int, exact: bool) -> dict[str, Any]:
    """Measure once and take `steps` steps; processor seconds of each, exact values not counted."""
    loop = LOOPS[name]
    _choose_kernels(loop)
    started = time.process_time()
    value, num_products = loop.value()
    measured = time.process_time()
    true = loop.exact() if exact else None
    resumed = time.process_time()
    loop.train(steps)
    return {
        "value": measured - started,
        "steps": time.process_time() - resumed,
        "sharpness": value,
        "products": num_products,
        "exact": true,
    }


def _choose_kernels(loop: Loop) -> None:
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("medium" if loop.is_tuned and loop.is_attention else "highest")


if __name__ == "__main__":
    serve(begin=begin, warm_up=warm_up, advance=advance)
