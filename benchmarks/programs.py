"""Cells and data that our side of a row runs on. The one file here that knows how a program is built."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, eigsh
from sklearn.datasets import load_digits
from torch import Tensor

from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.numerics.derivatives import AutogradCurvature
from muscope.worker.numerics.linalg.lanczos import Eigenpairs
from muscope.worker.numerics.measurement import Measurer
from muscope.worker.numerics.networks.residual_mlp.derivatives import ResidualMlpHessian
from muscope.worker.numerics.program import CellProgram, TrainingData

DEPTH = 3
BATCH = 64
SAMPLES = 256
BASE_WIDTH = 64
NUM_STEPS = 300
MEASURE_EVERY = 10
# An octave grid around the optimum (2^0) whose last point or two diverge, as a sweep's do.
LRS = tuple(2.0**k for k in range(-7, 2))
ARMS = (Parametrization.MUP, Parametrization.SP)


@lru_cache(maxsize=1)
def digits() -> dict[str, NDArray[np.float32]]:
    """Return scikit-learn's digits, standardised, 1437 to train and 360 to judge."""
    bunch = load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.target))
    x = bunch.data[order]
    x = (x - x[:1437].mean(0)) / np.maximum(x[:1437].std(0), 1e-6)
    return {"x": x.astype(np.float32), "y": bunch.target[order].astype(np.float32)}


def data() -> TrainingData:
    """Return the digits as the trainer takes them."""
    arrays = digits()
    x, y = torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"]).long()
    return TrainingData(x[:1437], y[:1437], x[1437:], y[1437:], Task.CLASSIFICATION, 10)


def program(
    arm: Parametrization, width: int, lrs: Sequence[float], seeds: Sequence[int], **changes: Any
) -> CellProgram:
    """Return one cell of the headline grid."""
    runs = tuple(PlannedRun(index, lr, seed) for index, lr in enumerate(lrs) for seed in seeds)
    settings: dict[str, Any] = {
        "parametrization": arm,
        "width": width,
        "depth": DEPTH,
        "base_width": BASE_WIDTH,
        "model": ResidualMLP(),
        "loss": Loss.CROSS_ENTROPY,
        "runs": runs,
        "num_steps": NUM_STEPS,
        "measure_every": MEASURE_EVERY,
        "chunk_steps": 50,
        "batch_size": BATCH,
        "sharpness_batch_size": SAMPLES,
    }
    return CellProgram(**settings | changes)


@dataclass
class Watch:
    """Values that `watching` collects: measured and exact ones, and the last weights measured on."""

    value: list[float] = field(default_factory=list)
    exact: list[float] = field(default_factory=list)
    num_products: list[int] = field(default_factory=list)
    is_converged: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    weights: dict[str, Tensor] = field(default_factory=dict)
    hessian: ResidualMlpHessian | None = None

    def errors(self) -> NDArray[np.float64]:
        """Return |value - exact| / |exact|."""
        exact = np.array(self.exact)
        return np.asarray(np.abs(np.array(self.value) - exact) / np.abs(exact))


@contextmanager
def watching(*, with_exact: bool) -> Iterator[Watch]:
    """Look over the trainer's shoulder at every sharpness measurement of this process."""
    watch, original = Watch(), Measurer.sharpness

    def watched(self: Measurer, hessian: Any, stack: Any, step: int) -> Eigenpairs:
        started = time.process_time()
        pairs = original(self, hessian, stack, step)
        watch.seconds.append((time.process_time() - started) / len(stack.seeds))
        watch.value += pairs.value_R.tolist()
        watch.num_products += pairs.num_products_R.tolist()
        watch.is_converged += pairs.converged_R.tolist()
        if with_exact:
            watch.exact += _exact(self, stack.params)
        watch.weights = {name: weight.clone() for name, weight in stack.params.items()}
        watch.hessian = hessian
        return pairs

    with mock.patch.object(Measurer, "sharpness", watched):
        yield watch


def _exact(measurer: Measurer, params: dict[str, Tensor]) -> list[float]:
    """Return λ_max of every run by SciPy's cold Lanczos in float64; residual 1e-4, so the value to 1e-8."""
    values = []
    for row in range(len(next(iter(params.values())))):
        double = {name: weight[row : row + 1].double() for name, weight in params.items()}
        x_RBD, y_RBC = measurer.x_sharpness.double()[None], measurer.y_sharpness.double()
        hessian = ResidualMlpHessian.at(measurer.network, double, x_RBD, y_RBC, measurer.program.loss)
        values.append(top_eigenvalue(hessian))
    return values


def top_eigenvalue(hessian: ResidualMlpHessian | AutogradCurvature, tolerance: float = 1e-4) -> float:
    """Return the largest algebraic eigenvalue of a stack of one run."""
    size = sum(weight[0].numel() for weight in hessian.params.values())
    dtype = next(iter(hessian.params.values())).dtype
    operator = LinearOperator(
        (size, size),
        matvec=lambda v: hessian.matvec(torch.from_numpy(v).to(dtype).reshape(1, -1))[0].numpy(),
        dtype=np.float64,
    )
    start = np.random.default_rng(0).standard_normal(size)
    return float(eigsh(operator, k=1, which="LA", tol=tolerance, v0=start, return_eigenvectors=False)[0])
