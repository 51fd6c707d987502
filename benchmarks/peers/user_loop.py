"""User loop of the headline: one model at a time, `mup` or plain torch, PyHessian at its defaults.

The network is our residual MLP: no biases, ReLU, branches over √depth, the same gains and base width.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from mup import MuReadout, MuSGD, set_base_shapes
from mup.init import normal_
from numpy.typing import NDArray
from pyhessian import hessian
from scipy.sparse.linalg import LinearOperator, eigsh
from serve import serve
from torch import Tensor, nn

DEPTH = 3
BASE_WIDTH = 64
NUM_SAMPLES = 256
BATCH = 64
DIVERGENCE_FACTOR = 20.0


class ResidualMlp(nn.Module):
    """h = W_in x; h += W φ(h) / √L; f = W_out φ(h)."""

    def __init__(self, num_features: int, width: int, num_outputs: int, *, is_mup: bool) -> None:
        super().__init__()
        self.input = nn.Linear(num_features, width, bias=False)
        self.blocks = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(DEPTH))
        readout = MuReadout if is_mup else nn.Linear
        self.output = readout(width, num_outputs, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs [B, C]."""
        h = self.input(x)
        for block in self.blocks:
            h = h + block(torch.relu(h)) / DEPTH**0.5
        outputs: Tensor = self.output(torch.relu(h))
        return outputs


def build(arm: str, width: int, seed: int) -> ResidualMlp:
    """Return an initialised network."""
    torch.manual_seed(seed)
    is_mup = arm == "mup"
    model = ResidualMlp(64, width, 10, is_mup=is_mup)
    if is_mup:
        base, delta = (ResidualMlp(64, n, 10, is_mup=True) for n in (BASE_WIDTH, 2 * BASE_WIDTH))
        set_base_shapes(model, base, delta=delta)
    # mup's initialisers take the std of the base width and scale it themselves.
    normal, at = (normal_, BASE_WIDTH) if is_mup else (nn.init.normal_, width)
    normal(model.input.weight, std=64**-0.5)
    for block in model.blocks.parameters():
        normal(block, std=(2.0 / at) ** 0.5)
    normal(model.output.weight, std=at**-0.5)
    return model


def optimizer_of(arm: str, model: nn.Module, lr: float) -> torch.optim.Optimizer:
    """Return plain SGD; with mup's multipliers under mup, with a smaller LR after layer one under ntp."""
    if arm == "mup":
        return MuSGD(model.parameters(), lr=lr)
    if arm != "ntp":
        return torch.optim.SGD(model.parameters(), lr=lr)
    first, *others = model.parameters()
    width_mult = first.shape[0] / BASE_WIDTH
    groups: list[dict[str, Any]] = [{"params": [first]}, {"params": others, "lr": lr / width_mult}]
    return torch.optim.SGD(groups, lr=lr)


def load(path: str) -> tuple[Tensor, Tensor]:
    """Return the training part of the digits."""
    arrays = np.load(path)
    return torch.from_numpy(arrays["x"])[:1437], torch.from_numpy(arrays["y"])[:1437].long()


def run(
    data: str, arm: str, width: int, lr: float, seed: int, steps: int, every: int, threads: int, exact: bool
) -> dict[str, Any]:
    """Train one run with a sharpness value every `every` steps; seconds exclude the exact values."""
    torch.set_num_threads(threads)
    x, y = load(data)
    model, criterion = build(arm, width, seed), nn.CrossEntropyLoss()
    optimizer = optimizer_of(arm, model, lr)
    generator = torch.Generator().manual_seed(seed)
    values, exacts, first, num_batches = [], [], None, len(x) // BATCH
    clocks = time.perf_counter, time.process_time
    started, not_counted = [clock() for clock in clocks], [0.0, 0.0]
    for step in range(steps + 1):
        if step % every == 0:
            eigenvalues, _ = hessian(
                model, criterion, data=(x[:NUM_SAMPLES], y[:NUM_SAMPLES]), cuda=False
            ).eigenvalues()
            values.append(eigenvalues[0])
            if exact:
                paused = [clock() for clock in clocks]
                exacts.append(exact_value(model, x[:NUM_SAMPLES], y[:NUM_SAMPLES]))
                not_counted = [
                    n + clock() - p for n, clock, p in zip(not_counted, clocks, paused, strict=True)
                ]
        if step % num_batches == 0:
            order = torch.randperm(len(x), generator=generator)
        index = order[step % num_batches * BATCH :][:BATCH]
        now = train_step(model, optimizer, criterion, x[index], y[index])
        first = now if first is None else first
        if not np.isfinite(now) or now > DIVERGENCE_FACTOR * first:
            break
    wall, cpu = [clock() - s - n for clock, s, n in zip(clocks, started, not_counted, strict=True)]
    return {"seconds": wall, "cpu_seconds": cpu, "values": values, "exact": exacts}


def train_rate(data: str, width: int, steps: int, threads: int) -> dict[str, Any]:
    """Return processor seconds per training step."""
    torch.set_num_threads(threads)
    x, y = load(data)
    model, criterion = build("mup", width, 0), nn.CrossEntropyLoss()
    optimizer = optimizer_of("mup", model, 0.1)
    order, started = torch.randperm(len(x)), 0.0
    for step in range(-5, steps):
        if step == 0:
            started = time.process_time()
        index = order[(step + 5) % (len(x) // BATCH) * BATCH :][:BATCH]
        train_step(model, optimizer, criterion, x[index], y[index])
    return {"seconds": (time.process_time() - started) / steps}


def train_step(
    model: nn.Module, optimizer: torch.optim.Optimizer, criterion: nn.Module, x: Tensor, y: Tensor
) -> float:
    """Update once and return the loss, as a loop that watches for divergence must."""
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def exact_value(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """Return λ_max by SciPy's Lanczos in float64; in place, because a copy of a model loses mup's shapes."""
    model.double()
    try:
        loss = nn.functional.cross_entropy(model(x.double() if x.is_floating_point() else x), y)
        return _top_value(loss, list(model.parameters()))
    finally:
        model.float()


def _top_value(loss: Tensor, params: list[nn.Parameter]) -> float:
    gradients = torch.autograd.grad(loss, params, create_graph=True)

    def product(v: NDArray[np.float64]) -> NDArray[np.float64]:
        flat = torch.split(torch.from_numpy(v).reshape(-1), [p.numel() for p in params])
        parts = [part.view(p.shape) for part, p in zip(flat, params, strict=True)]
        products = torch.autograd.grad(gradients, params, grad_outputs=parts, retain_graph=True)
        return np.asarray(torch.cat([part.flatten() for part in products]))

    size = sum(p.numel() for p in params)
    operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(size)
    return float(eigsh(operator, k=1, which="LA", tol=1e-4, v0=start, return_eigenvectors=False)[0])


if __name__ == "__main__":
    serve(run=run, train_rate=train_rate)
