"""The user loop on the paper's two-layer conv net: one model at a time, SGD, PyHessian at its defaults."""

from __future__ import annotations

import time
from typing import Any

import torch
from pyhessian import hessian
from serve import serve
from torch import nn


def net(width: int) -> nn.Module:
    """Return conv 3×3/2, ReLU, pool, conv 3×3/4, ReLU, pool, readout on 32 × 32 images."""
    return nn.Sequential(
        nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(width, width, 3, stride=4, padding=1, bias=False),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(width, 10, bias=False),
    )


def run(width: int, steps: int, every: int, batch: int, probe: int, is_tuned: bool) -> dict[str, Any]:
    """Return processor seconds of one run; tuned means channels-last."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, y = torch.randn(512, 3, 32, 32), torch.randint(10, (512,))
    model, criterion = net(width), nn.CrossEntropyLoss()
    if is_tuned:
        x, model = x.to(memory_format=torch.channels_last), model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    started = time.process_time()
    for step in range(steps + 1):
        if step % every == 0:
            hessian(model, criterion, data=(x[:probe], y[:probe]), cuda=False).eigenvalues()
        index = torch.randint(512, (batch,))
        optimizer.zero_grad()
        loss = criterion(model(x[index]), y[index])
        loss.backward()
        optimizer.step()
        loss.item()
    return {"seconds": time.process_time() - started}


if __name__ == "__main__":
    serve(run=run)
