"""Look at a brought network of one size before its training: finite, repeatable, the same as a stack.

What was found at the sizes of the announcement need not hold at another one.
"""

from __future__ import annotations

import logging

import torch
from torch import Tensor

from muscope.backend.errors import InvalidInput
from muscope.worker.brought.training.network import BroughtNetwork
from muscope.worker.numerics.network import Network, Params

log = logging.getLogger(__name__)

_SAME = 1e-5


def require_sound(
    bound: BroughtNetwork, network: Network, x_BD: Tensor, seeds: tuple[int, int], dtype: torch.dtype
) -> None:
    """Refuse a network whose outputs are not finite, or depend on more than weights and inputs.

    Runs of a network that torch cannot stack, or that gives other numbers as a stack, train one by one.

    Args:
        bound: the network of the cell's size.
        network: its scaling.
        x_BD: a batch of the cell's data [B, D].
        seeds: of the weights that are looked at.
        dtype: of the training.

    Raises:
        InvalidInput: with the width, and with the tensor where there is one.
        MemoryError: the network does not fit.
    """
    params = bound.initial(network, spec_seed=0, seeds=seeds, dtype=dtype, device=x_BD.device)
    x_RBD = x_BD.expand(len(seeds), *x_BD.shape)
    with torch.no_grad():
        _require_finite(bound, params)
        first, again = (_outputs(bound, network, params, x_RBD, seed) for seed in (0, 0))
        if not bool(torch.isfinite(first).all()):
            raise InvalidInput("brought.not_finite", width=bound.width)
        if not _are_same(first, again):
            raise InvalidInput("brought.not_repeatable", width=bound.width)
        if not _are_same(first, _outputs(bound, network, params, x_RBD, 1)):
            raise InvalidInput("brought.draws_at_random", width=bound.width)
        if bound.is_stacked:
            _try_stack(bound, network, params, x_RBD, first)


def _require_finite(bound: BroughtNetwork, params: Params) -> None:
    for name, tensor in params.items():
        if not bool(torch.isfinite(tensor).all()):
            raise InvalidInput("brought.tensor_not_finite", tensor=name, width=bound.width)


def _outputs(
    bound: BroughtNetwork, network: Network, params: Params, x_RBD: Tensor, torch_seed: int
) -> Tensor:
    """Return the outputs of the runs one by one, drawn from a seed of torch if they draw at all."""
    torch.manual_seed(torch_seed)
    runs = [
        bound.apply(network, {name: tensor[run : run + 1] for name, tensor in params.items()}, x_BD[None])
        for run, x_BD in enumerate(x_RBD)
    ]
    return torch.cat(runs)


def _try_stack(bound: BroughtNetwork, network: Network, params: Params, x_RBD: Tensor, alone: Tensor) -> None:
    try:
        is_same = _are_same(alone, bound.apply(network, params, x_RBD))
        reason = "a stack gives other numbers"
    except InvalidInput as error:
        is_same, reason = False, str(error.params.get("message", error))
    if not is_same:
        log.warning("width %d trains one by one: %s", bound.width, reason)
        bound.train_one_by_one()


def _are_same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and float((one - other).abs().max()) <= _SAME * max(
        float(one.abs().max()), 1e-6
    )
