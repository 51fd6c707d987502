"""Trial of a network as a stack of runs: the same numbers as one by one, and whether it is faster."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from muscope.backend.domain.brought.description import Stacking
from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.parametrization import TensorScaling
from muscope.backend.errors import InvalidInput
from muscope.worker.brought.loading import BroughtModel
from muscope.worker.brought.training.examples import leaves_of, packed
from muscope.worker.brought.training.network import BroughtNetwork
from muscope.worker.numerics.network import Network, Params

RUNS, _TURNS, _STEPS = 8, 3, 3
_SAME = 1e-5
_WIDEST = 128  # a stack of wider ones leaves the cache
_MOST_TEXT = 200


class Trial(NamedTuple):
    """Outcome of the trial: the widest stack, what was refused, and the gain of a stack by width."""

    stacking: Stacking
    up_to: int = 0
    detail: str = ""
    speedup: tuple[tuple[int, float], ...] = ()


def try_stacking(brought: BroughtModel, family: Brought, batch: Any) -> Trial:
    """Compare eight runs as a stack with the same one by one, from the narrowest width up."""
    assert family.example is not None
    leaves = leaves_of(batch)[0]
    rows = packed(leaves if family.example.is_whole_batch else leaves[:1])
    up_to, speedup, refused = 0, [], None
    for width in (width for width in family.sizes if width <= _WIDEST):
        try:
            gain = _gain(brought, family, rows, width)
        except InvalidInput as error:
            refused = refused or Trial(Stacking.REFUSED, detail=_told(error))
            break
        if gain is None:
            refused = refused or Trial(Stacking.DIFFERENT)
            break
        speedup.append((width, round(gain, 2)))
        if gain <= 1.0:
            break
        up_to = width
    if up_to:
        return Trial(Stacking.STACKED, up_to, speedup=tuple(speedup))
    return refused or Trial(Stacking.SLOWER, speedup=tuple(speedup))


def _gain(brought: BroughtModel, family: Brought, rows_BD: Tensor, width: int) -> float | None:
    """Return seconds one by one over seconds as a stack; None where the numbers differ."""
    depth = family.tables[0].depth
    one, many = (
        _Step(brought, family.model_copy(update={"stacked_up_to": up_to}), rows_BD, width, depth)
        for up_to in (0, _WIDEST)
    )
    if not _are_same(one(), many()):
        return None
    seconds = [(_seconds(one), _seconds(many)) for _ in range(_TURNS)]
    return min(alone for alone, _ in seconds) / min(stacked for _, stacked in seconds)


class _Step:
    """Loss-like sum and gradients of a few runs on one batch."""

    def __init__(
        self, brought: BroughtModel, family: Brought, rows_BD: Tensor, width: int, depth: int
    ) -> None:
        self._bound = BroughtNetwork(brought, family, width, depth)
        dims = DataDims(rows_BD.shape[1], 1)
        tensors = family.tensors(dims, width, depth)
        scaling = {name: TensorScaling(1.0, tensor.std, 1.0) for name, tensor in tensors.items()}
        self._network = Network(scaling, depth, 1.0, family, dims)
        self._x_RBD = rows_BD.expand(RUNS, -1, -1)
        self._params = self._bound.initial(
            self._network, spec_seed=0, seeds=range(RUNS), dtype=torch.float32, device=rows_BD.device
        )

    def __call__(self) -> Params:
        leaves = {name: tensor.detach().requires_grad_() for name, tensor in self._params.items()}
        outputs = self._bound.apply(self._network, leaves, self._x_RBD)
        loss = outputs.square().mean(dim=(1, 2)).sum()
        gradients = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True)
        return {
            name: leaves[name].new_zeros(leaves[name].shape) if gradient is None else gradient
            for name, gradient in zip(leaves, gradients, strict=True)
        }


def _are_same(one: Params, many: Params) -> bool:
    """Tell whether gradients agree relative to the largest of each tensor."""
    return all(
        float((one[name] - many[name]).abs().max()) <= _SAME * max(float(one[name].abs().max()), 1e-6)
        for name in one
    )


def _seconds(step: Callable[[], Params]) -> float:
    began = time.perf_counter()
    for _ in range(_STEPS):
        step()
    return time.perf_counter() - began


def _told(error: InvalidInput) -> str:
    return str(error.params.get("message", error.code)).splitlines()[0][:_MOST_TEXT]
