"""Sharpness by curvlinops and SciPy, NTK eigenvalue by torch.func.jacrev, on given weights."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from curvlinops import HessianLinearOperator
from scipy.sparse.linalg import eigsh
from serve import serve
from torch import Tensor, nn


class Given(nn.Module):
    """Residual MLP of given weights [n_in, n_out] and forward multipliers."""

    def __init__(self, path: str) -> None:
        super().__init__()
        arrays = np.load(path)
        self.names = [name for name in arrays if name not in ("x", "y", "mults")]
        self.mults = arrays["mults"].tolist()
        for name in self.names:
            setattr(self, name, nn.Parameter(torch.from_numpy(arrays[name])))
        self.x, self.y = torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"]).long()

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs [B, C]."""
        first, *blocks, last = [getattr(self, name) for name in self.names]
        h = x @ first * self.mults[0]
        for weight, mult in zip(blocks, self.mults[1:-1], strict=True):
            h = h + torch.relu(h) @ weight * mult
        return torch.relu(h) @ last * self.mults[-1]


def eigenvalue(path: str, tolerance: float, threads: int) -> dict[str, Any]:
    """Return the largest Hessian eigenvalue and the seconds it took, the operator's making included."""
    torch.set_num_threads(threads)
    model = Given(path)
    started = time.process_time()
    operator = HessianLinearOperator(
        model,
        nn.CrossEntropyLoss(),
        list(model.parameters()),
        [(model.x, model.y)],
        check_deterministic=False,
    )
    counted = operator.to_scipy()
    value = eigsh(counted, k=1, which="LA", tol=tolerance, return_eigenvectors=False)[0]
    return {"value": float(value), "seconds": time.process_time() - started}


def kernel(path: str, num_samples: int, threads: int) -> dict[str, Any]:
    """Return the largest eigenvalue of J Jᵀ / n on the first samples, the Jacobian by `jacrev`."""
    torch.set_num_threads(threads)
    model = Given(path)
    x = model.x[:num_samples]
    params = dict(model.named_parameters())
    started = time.process_time()

    def outputs(of: dict[str, Tensor]) -> Tensor:
        return torch.func.functional_call(model, of, (x,)).flatten()

    jacobian = torch.func.jacrev(outputs)({name: p.detach() for name, p in params.items()})
    flat = torch.cat([part.flatten(1) for part in jacobian.values()], dim=1)
    value = torch.linalg.eigvalsh(flat @ flat.mT / num_samples)[-1]
    return {"value": float(value), "seconds": time.process_time() - started}


if __name__ == "__main__":
    serve(eigenvalue=eigenvalue, kernel=kernel)
