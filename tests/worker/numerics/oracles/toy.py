"""Toy problem of docs/science.md §8: D = 8, n = 64, one tanh layer, ½·mean squared error, full-batch descent.

In float64. Six draws at once, seeds 0-5, each with its own inputs, initial weights and target sin(w·x), w of
standard normals. The target behind the figures of docs/science.md was not recorded; this one replaces it.
Forward multiplier, init and LR multiplier are written by hand as in docs/science.md §2, µP in the
Noci/Bordelon form with γ₀ = 1; Hessian products come from our double backward, updates from our optimizer.

Legend: R runs (one per seed), B samples, D inputs, N width, S seeds, E learning rates, T measurements.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from muscope.backend.domain.spec.optimizer import PLAIN_SGD
from muscope.backend.domain.spec.parametrization import TensorScaling
from muscope.worker.numerics.linalg.lanczos import StoppingRule, largest_eigenpairs
from muscope.worker.numerics.linalg.operators import flatten
from muscope.worker.numerics.optimizers.update import Update, initial_moments
from tests.autograd_hessian import AutogradHessian

FEATURES, SAMPLES = 8, 64
SEEDS = tuple(range(6))
WIDTHS = (32, 128, 512)
# Four digits are enough for bounds of 5 %.
ACCURATE = StoppingRule(tolerance=1e-4, min_steps=4, max_steps=30)
Params = dict[str, Tensor]
Values = NDArray[np.float64]


def table(arm: str, width: int) -> dict[str, TensorScaling]:
    """Return (A, B, C) of the input weight u and the output weight v."""
    first = FEATURES**-0.5
    return {
        "mup": {"u": TensorScaling(first, 1.0, width), "v": TensorScaling(1 / width, 1.0, width)},
        "ntp": {"u": TensorScaling(first, 1.0, 1.0), "v": TensorScaling(width**-0.5, 1.0, 1.0)},
        "sp": {"u": TensorScaling(1.0, first, 1.0), "v": TensorScaling(1.0, width**-0.5, 1.0)},
    }[arm]


class Toy:
    """Every seed at one width and learning rate."""

    def __init__(self, arm: str, width: int, lr: float, num_steps: int) -> None:
        self._scaling = table(arm, width)
        self._update = Update(PLAIN_SGD, self._scaling, num_steps)
        self._lr_R11 = torch.full((len(SEEDS), 1, 1), lr, dtype=torch.float64)
        draws = [_draw(seed, width) for seed in SEEDS]
        self._x_RBD, self._y_RB1, u, v = (torch.stack(parts) for parts in zip(*draws, strict=True))
        normals = {"u": u, "v": v}
        self.params = {name: w * self._scaling[name].init_std for name, w in normals.items()}
        self._moments = initial_moments(PLAIN_SGD, self.params)
        self._eigenvector_RP = torch.zeros_like(flatten(self.params))

    def loss(self, params: Params) -> Tensor:
        """Return [R]."""
        return 0.5 * (self.outputs(params) - self._y_RB1).square().mean((1, 2))

    def outputs(self, params: Params) -> Tensor:
        """Return f [R, B, 1]."""
        return torch.tanh(self.hidden(params)) @ params["v"] * self._scaling["v"].forward_mult

    def hidden(self, params: Params) -> Tensor:
        """Return the hidden layer before its tanh, [R, B, N]."""
        return self._x_RBD @ params["u"] * self._scaling["u"].forward_mult

    def descend(self, step: int) -> Tensor:
        """Make one update; return the losses before it, [R]. Manual gradients take half autograd's time."""
        hidden_RBN, v_RN1 = torch.tanh(self.hidden(self.params)), self.params["v"]
        mult_u, mult_v = self._scaling["u"].forward_mult, self._scaling["v"].forward_mult
        difference_RB1 = hidden_RBN @ v_RN1 * mult_v - self._y_RB1
        g_f_RB1 = difference_RB1 * (mult_v / SAMPLES)
        g_hidden_RBN = (1 - hidden_RBN.square()).mul_(g_f_RB1).mul_(v_RN1.mT)
        gradients = {"u": self._x_RBD.mT @ g_hidden_RBN * mult_u, "v": hidden_RBN.mT @ g_f_RB1}
        self._update.apply_(self.params, gradients, self._moments, self._lr_R11, step)
        return 0.5 * difference_RB1.square().mean((1, 2))

    def sharpness(self) -> Values:
        """Return λ_eff, [R]; starts from the last eigenvectors plus a tenth of noise."""
        leaves = {name: tensor.clone().requires_grad_() for name, tensor in self.params.items()}
        random = torch.Generator().manual_seed(0)
        noise_RP = torch.randn(self._eigenvector_RP.shape, dtype=torch.float64, generator=random)
        start_RP = self._eigenvector_RP + 0.1 * torch.nn.functional.normalize(noise_RP, dim=1)
        pairs = largest_eigenpairs(
            AutogradHessian(self.loss(leaves), leaves, self._scaling), start_RP, ACCURATE
        )
        self._eigenvector_RP = torch.nan_to_num(pairs.vector_RP)
        return pairs.value_R


def _draw(seed: int, width: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return x [B, D], y [B, 1] and standard normal weights of one seed."""
    of_data, of_weights = np.random.default_rng((0, seed)), np.random.default_rng((1, seed))
    x = of_data.standard_normal((SAMPLES, FEATURES))
    y = np.sin(x @ of_data.standard_normal((FEATURES, 1)))
    weights = [of_weights.standard_normal(shape) for shape in ((FEATURES, width), (width, 1))]
    x_BD, y_B1, u_DN, v_N1 = (torch.from_numpy(array) for array in (x, y, *weights))
    return x_BD, y_B1, u_DN, v_N1


@lru_cache
def sharpness(arm: str, width: int, lr: float, num_steps: int, every: int) -> Values:
    """Return λ_eff at the steps 0, every, 2·every, …, num_steps of each seed, [T, S]; NaN once diverged."""
    toy, values = Toy(arm, width, lr, num_steps), []
    for step in range(num_steps + 1):
        if step % every == 0:
            values.append(toy.sharpness())
        toy.descend(step)
    return np.stack(values)


def over_widths(arm: str, lr: float, num_steps: int, every: int) -> Values:
    """Return λ_eff of the widths 32, 128, 512, [3, T, S]."""
    return np.stack([sharpness(arm, width, lr, num_steps, every) for width in WIDTHS])


@lru_cache
def final_losses(arm: str, width: int, log2_lrs: tuple[float, ...], num_steps: int) -> Values:
    """Return the mean loss of the last tenth of the steps, a diverged run's as its loss at step 0, [E, S]."""
    rows = []
    for log2_lr in log2_lrs:
        toy = Toy(arm, width, 2.0**log2_lr, num_steps)
        losses_TR = torch.stack([toy.descend(step) for step in range(num_steps + 1)])
        first, tail = losses_TR[0], losses_TR[-(num_steps // 10) :].mean(0)
        rows.append(np.asarray(torch.where(tail < first, tail, first)))  # NaN is not below
    return np.stack(rows)
